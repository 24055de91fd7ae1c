//! The field of a person that a condition names.

use landfall_domain::person::Person;

use crate::comparison::Nature;
use crate::definition::Place;
use crate::path::JsonPath;
use crate::touched::Cause;
use crate::value::Seen;

/// A field of a person: something of the record itself, or an attribute.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Field {
    path: JsonPath,
    of: Of,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Id,
    Email,
    Phone,
    CioId,
    Unsubscribed,
    /// The attribute of that name, or else when the record began.
    CreatedAt,
    Attribute,
}

impl Field {
    pub(crate) fn parse(place: &Place<'_>) -> Option<Self> {
        let path = JsonPath::parse(place)?;
        let of = match path.text() {
            "id" => Of::Id,
            "email" => Of::Email,
            "phone" => Of::Phone,
            "cio_id" => Of::CioId,
            "unsubscribed" => Of::Unsubscribed,
            "created_at" => Of::CreatedAt,
            name if name.starts_with('_') => {
                return place.refuse(
                    format!("`{name}` is reserved: names that begin with `_` are not kept"),
                    "choose another attribute",
                );
            }
            _ => Of::Attribute,
        };
        Some(Self { path, of })
    }

    /// As it was written.
    pub(crate) fn text(&self) -> &str {
        self.path.text()
    }

    pub(crate) fn nature(&self) -> Nature {
        match self.of {
            Of::Email => Nature::Email,
            _ => Nature::Any,
        }
    }

    /// Shows every value of the field; one unless the path says any element.
    pub(crate) fn each<'p>(&self, person: &'p Person, show: &mut dyn FnMut(Seen<'p>)) {
        let text = match self.of {
            Of::Id => person.id.as_deref(),
            Of::Email => person.email.as_deref(),
            Of::Phone => person.phone.as_deref(),
            Of::CioId => Some(person.cio_id.as_str()),
            Of::Unsubscribed => return show(Seen::Truth(person.is_unsubscribed())),
            Of::Attribute => return self.each_attribute(person, show),
            Of::CreatedAt => {
                let mut given = false;
                self.each_attribute(person, &mut |seen| {
                    given = true;
                    show(seen);
                });
                if !given {
                    show(Seen::Moment(person.created_at));
                }
                return;
            }
        };
        if let Some(text) = text {
            show(Seen::Text(text));
        }
    }

    /// An attribute by its whole name, dots and all, or else by path.
    fn each_attribute<'p>(&self, person: &'p Person, show: &mut dyn FnMut(Seen<'p>)) {
        if let Some(whole) = person.attributes.get(self.path.text()) {
            if !whole.value.is_null() {
                show(Seen::Json(&whole.value));
            }
        } else if self.path.goes_deeper()
            && let Some(root) = person.attributes.get(self.path.root())
        {
            self.path
                .each_below_root(&root.value, &mut |value| show(Seen::Json(value)));
        }
    }

    /// What it depends on.
    pub(crate) fn needs(&self, need: &mut dyn FnMut(Cause)) {
        if self.of == Of::Unsubscribed {
            need(Cause::Consent);
        }
        need(Cause::attribute(self.path.text()));
        need(Cause::attribute(self.path.root()));
    }
}
