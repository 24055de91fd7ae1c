//! Sealing: sorted, compact, for good.

use crate::segment::{Messages, RevenueColumn, Segment, Span, Times};

impl Segment {
    /// The sealed form of this segment, and the old row of each of its rows. Removed rows are
    /// left out.
    pub(crate) fn sealed(&self) -> (Self, Vec<u16>) {
        let order = self.sealing_order();
        let mut sealed = Self {
            times: self.sealed_times(&order),
            messages: self.sealed_messages(&order),
            dims: self.dims.compact(&order, false),
            fates: self.fates.compact(&order, false),
            people: self.people.compact(&order, true),
            devices: self.devices.compact(&order, true),
            deliveries: self.deliveries.compact(&order, true),
            targets: self.targets.compact(&order, true),
            delays: self
                .delays
                .iter()
                .map(|column| column.compact(&order))
                .collect(),
            revenue: self.sealed_revenue(&order),
            live: order.len(),
            several: false,
            scattered: None,
            created: Span::EMPTY,
            occurred: self.occurred.clone(),
        };
        for row in 0..sealed.len() {
            sealed.created.widen(sealed.times.get(row));
            sealed.several |=
                row > 0 && sealed.deliveries.get(row) == sealed.deliveries.get(row - 1);
        }
        (sealed, order)
    }

    /// Live rows by message, creation, delivery, target.
    fn sealing_order(&self) -> Vec<u16> {
        let mut order: Vec<_> = (0..self.len())
            .filter(|row| !self.is_removed(*row))
            .map(|row| {
                let message = self.message(row);
                let delivery = self.deliveries.get(row);
                let target = self.targets.get(row);
                (message, self.times.get(row), delivery, target, row as u16)
            })
            .collect();
        order.sort_unstable();
        order.into_iter().map(|(.., row)| row).collect()
    }

    fn sealed_times(&self, order: &[u16]) -> Times {
        let times = || order.iter().map(|row| self.times.get(usize::from(*row)));
        let base = times().min().unwrap_or(0);
        let near: Result<Vec<u32>, _> = times().map(|time| u32::try_from(time - base)).collect();
        match near {
            Ok(offsets) => Times::Near(base, offsets),
            Err(_) => Times::Far(times().collect()),
        }
    }

    fn sealed_messages(&self, order: &[u16]) -> Messages {
        let mut runs: Vec<(u32, u32)> = Vec::new();
        for (place, row) in order.iter().enumerate() {
            let message = self.message(usize::from(*row));
            let end = place as u32 + 1;
            match runs.last_mut() {
                Some((last, last_end)) if *last == message => *last_end = end,
                _ => runs.push((message, end)),
            }
        }
        runs.shrink_to_fit();
        Messages::Runs(runs)
    }

    fn sealed_revenue(&self, order: &[u16]) -> RevenueColumn {
        let mut revenue = RevenueColumn::default();
        if self.revenue.rows.is_empty() {
            return revenue;
        }
        for (place, row) in order.iter().enumerate() {
            if let Some((currency, minor)) = self.revenue.get(*row) {
                revenue.rows.push(place as u16);
                revenue.currencies.push(currency);
                revenue.minor.push(minor);
            }
        }
        revenue.rows.shrink_to_fit();
        revenue.currencies.shrink_to_fit();
        revenue.minor.shrink_to_fit();
        revenue
    }
}
