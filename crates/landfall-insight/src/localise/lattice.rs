//! All elements up to a layer, as integers: which leaves belong to which.

use std::cell::OnceCell;
use std::collections::HashMap;

use super::Cube;
use super::expect::varies;

/// One combination of attributes and where its elements are.
#[derive(Debug)]
pub(crate) struct Cuboid {
    /// Indices of the attributes, ascending; empty for the whole cube.
    pub(crate) attributes: Vec<usize>,
    /// Number of its first element; the others follow.
    pub(crate) first: usize,
    /// Number of its elements.
    pub(crate) size: usize,
    /// Element of each leaf, counted from `first`.
    pub(crate) place: Vec<u32>,
    /// The leaves in the order of their elements, once somebody asks for those of an element.
    sorted: OnceCell<Sorted>,
}

/// Leaves of a cuboid in the order of their elements, ascending within each.
#[derive(Debug)]
struct Sorted {
    leaves: Vec<u32>,
    /// Where each element's begin, and at last where those of the last end.
    begins: Vec<u32>,
}

impl Cuboid {
    /// Leaves of an element, counted from `first`.
    fn members(&self, element: usize) -> &[u32] {
        let sorted = self.sorted.get_or_init(|| self.sort());
        let (begin, end) = (sorted.begins[element], sorted.begins[element + 1]);
        &sorted.leaves[begin as usize..end as usize]
    }

    fn sort(&self) -> Sorted {
        let mut begins = vec![0_u32; self.size + 1];
        for place in &self.place {
            begins[*place as usize + 1] += 1;
        }
        for element in 0..self.size {
            begins[element + 1] += begins[element];
        }
        let mut next = begins.clone();
        let mut leaves = vec![0; self.place.len()];
        for (leaf, place) in self.place.iter().enumerate() {
            let slot = &mut next[*place as usize];
            leaves[*slot as usize] = leaf as u32;
            *slot += 1;
        }
        Sorted { leaves, begins }
    }
}

/// All cuboids, fewer attributes first. Elements are numbered through.
#[derive(Debug)]
pub(crate) struct Lattice {
    /// Rows of the cube that have cases in the window; leaves are numbered among these.
    pub(crate) rows: Vec<usize>,
    /// The cuboids.
    pub(crate) cuboids: Vec<Cuboid>,
    /// A leaf of each element.
    pub(crate) sample: Vec<u32>,
    /// Leaves of each element.
    pub(crate) leaves: Vec<u32>,
    /// The first element with the same leaves, of each element; itself if it is the first.
    pub(crate) canonical: Vec<u32>,
    /// Sum of the hashes of each element's leaves.
    sums: Vec<u64>,
    /// The first element of a sum of hashes and a number of leaves.
    by_leaves: HashMap<(u64, u32), u32>,
    /// Nats that naming each element costs: the logarithm of the number of layers, of cuboids in the layer, and
    /// of different elements in the cuboid.
    pub(crate) cost: Vec<f64>,
}

/// Combinations of keys up to this many are counted in a table, beyond in a hash map.
const TABLE: u64 = 1 << 21;

impl Lattice {
    /// The lattice of a cube up to `max_layer` attributes.
    pub(crate) fn new(cube: &Cube, max_layer: usize, seed: u64) -> Self {
        let rows: Vec<usize> = (0..cube.len())
            .filter(|row| cube.counts[*row].n > 0)
            .collect();
        let varying: Vec<usize> = (0..cube.attributes.len())
            .filter(|attribute| varies(cube, *attribute))
            .collect();
        let mut lattice = Self {
            rows,
            cuboids: Vec::new(),
            sample: Vec::new(),
            leaves: Vec::new(),
            canonical: Vec::new(),
            sums: Vec::new(),
            by_leaves: HashMap::new(),
            cost: Vec::new(),
        };
        for layer in 0..=max_layer.min(varying.len()) {
            for attributes in combinations(&varying, layer) {
                lattice.add(cube, attributes);
            }
        }
        lattice.find_equals(seed);
        lattice.price();
        lattice
    }

    /// Number of elements.
    pub(crate) fn len(&self) -> usize {
        self.sample.len()
    }

    /// The cuboid of an element.
    pub(crate) fn cuboid(&self, element: usize) -> &Cuboid {
        let after = self
            .cuboids
            .partition_point(|cuboid| cuboid.first <= element);
        &self.cuboids[after - 1]
    }

    /// Leaves that belong to an element, ascending.
    pub(crate) fn members(&self, element: usize) -> impl Iterator<Item = usize> {
        self.leaves_of(element).iter().map(|leaf| *leaf as usize)
    }

    /// The same as numbers of leaves.
    pub(crate) fn leaves_of(&self, element: usize) -> &[u32] {
        let cuboid = self.cuboid(element);
        cuboid.members(element - cuboid.first)
    }

    fn add(&mut self, cube: &Cube, attributes: Vec<usize>) {
        let width = cube.attributes.len();
        let radix = |attribute: usize| cube.attributes[attribute].values.len() as u64;
        let keys: u64 = attributes.iter().fold(1, |keys: u64, attribute| {
            keys.saturating_mul(radix(*attribute))
        });
        let mut numbering = Numbering::new(keys);
        let first = self.sample.len();
        let mut place = Vec::with_capacity(self.rows.len());
        for (leaf, row) in self.rows.iter().enumerate() {
            let key = attributes.iter().fold(0, |key, attribute| {
                key * radix(*attribute) + u64::from(cube.codes[row * width + attribute])
            });
            let number = numbering.number(key);
            if first + number as usize == self.sample.len() {
                self.sample.push(leaf as u32);
                self.leaves.push(0);
            }
            self.leaves[first + number as usize] += 1;
            place.push(number);
        }
        self.cuboids.push(Cuboid {
            attributes,
            first,
            size: self.sample.len() - first,
            place,
            sorted: OnceCell::new(),
        });
    }

    /// Elements with the same leaves are the same thing under two names.
    fn find_equals(&mut self, seed: u64) {
        let hashes: Vec<u64> = (0..self.rows.len() as u64)
            .map(|leaf| scramble(seed ^ scramble(leaf)))
            .collect();
        let mut sums = vec![0_u64; self.len()];
        for cuboid in &self.cuboids {
            for (hash, place) in hashes.iter().zip(&cuboid.place) {
                let sum = &mut sums[cuboid.first + *place as usize];
                *sum = sum.wrapping_add(*hash);
            }
        }
        let by_leaves = &mut self.by_leaves;
        self.canonical = (0..sums.len())
            .map(|element| {
                *by_leaves
                    .entry((sums[element], self.leaves[element]))
                    .or_insert(element as u32)
            })
            .collect();
        self.sums = sums;
    }

    /// The element whose leaves are exactly those of two that share none.
    pub(crate) fn union(&self, one: usize, other: usize) -> Option<usize> {
        let sum = self.sums[one].wrapping_add(self.sums[other]);
        let leaves = self.leaves[one] + self.leaves[other];
        self.by_leaves
            .get(&(sum, leaves))
            .map(|element| *element as usize)
            .filter(|element| *element != 0)
    }

    /// The different elements, but for the whole cube, that contain an element and more, smallest first.
    pub(crate) fn supersets(&self, element: usize) -> Vec<usize> {
        let members: Vec<usize> = self.members(element).collect();
        let mut found: Vec<usize> = self
            .cuboids
            .iter()
            .filter(|cuboid| {
                let place = cuboid.place[members[0]];
                cuboid.size > 1 && members.iter().all(|leaf| cuboid.place[*leaf] == place)
            })
            .map(|cuboid| self.canonical[cuboid.first + cuboid.place[members[0]] as usize] as usize)
            .filter(|other| self.leaves[*other] > self.leaves[element])
            .collect();
        found.sort_unstable_by_key(|other| (self.leaves[*other], *other));
        found.dedup();
        found
    }

    fn price(&mut self) {
        let layers = self.cuboids.last().map_or(0, |last| last.attributes.len()) + 1;
        let mut in_layer = vec![0_usize; layers];
        for cuboid in &self.cuboids {
            in_layer[cuboid.attributes.len()] += 1;
        }
        self.cost = vec![f64::INFINITY; self.len()];
        for cuboid in &self.cuboids {
            let elements = cuboid.first..cuboid.first + cuboid.size;
            let own = elements
                .clone()
                .filter(|element| self.canonical[*element] as usize == *element)
                .count();
            let choices = (layers * in_layer[cuboid.attributes.len()] * own.max(1)) as f64;
            for element in elements {
                if self.canonical[element] as usize == element {
                    self.cost[element] = choices.ln();
                }
            }
        }
    }
}

/// Gives keys numbers in the order in which they come.
enum Numbering {
    Table(Vec<u32>, u32),
    Map(HashMap<u64, u32>),
}

impl Numbering {
    fn new(keys: u64) -> Self {
        if keys <= TABLE {
            Self::Table(vec![u32::MAX; keys as usize], 0)
        } else {
            Self::Map(HashMap::new())
        }
    }

    fn number(&mut self, key: u64) -> u32 {
        match self {
            Self::Table(table, next) => {
                let slot = &mut table[key as usize];
                if *slot == u32::MAX {
                    *slot = *next;
                    *next += 1;
                }
                *slot
            }
            Self::Map(map) => {
                let next = map.len() as u32;
                *map.entry(key).or_insert(next)
            }
        }
    }
}

/// All ways to take `count` of `items`, in order.
fn combinations(items: &[usize], count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (index, item) in items.iter().enumerate() {
        for rest in combinations(&items[index + 1..], count - 1) {
            let mut one = vec![*item];
            one.extend(rest);
            all.push(one);
        }
    }
    all
}

/// A 64-bit number that looks random (the finaliser of splitmix64).
fn scramble(value: u64) -> u64 {
    let mut mixed = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
