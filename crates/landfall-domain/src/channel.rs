//! Channels, platforms and providers: closed sets with stable names on the wire.

macro_rules! names {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant),+ }

        impl $name {
            /// Every member, in declaration order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable name on the wire.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The member of that name, if there is one.
            pub fn named(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}
pub(crate) use names;

names!(
    /// How a message travels. Names are ours; Customer.io calls SMS `twilio` in its App API
    /// (app-api.md 3.1) and the API layer translates.
    Channel {
        /// Push through APNs, FCM or Web Push.
        Push = "push",
        /// E-mail.
        Email = "email",
        /// Text message.
        Sms = "sms",
        /// WhatsApp.
        WhatsApp = "whatsapp",
        /// A Slack message.
        Slack = "slack",
        /// An outgoing webhook as a message step.
        Webhook = "webhook",
        /// In-app message.
        InApp = "in_app",
        /// Message inbox.
        Inbox = "inbox",
        /// Live Activity or its Android equivalent.
        LiveNotification = "live_notification",
    }
);

names!(
    /// What a push token belongs to.
    Platform {
        /// iPhone, iPad and the other Apple systems, which the SDKs report as `ios`.
        Ios = "ios",
        /// Android.
        Android = "android",
        /// A browser's push subscription.
        Web = "web",
    }
);

names!(
    /// Who carries the message onwards.
    Provider {
        /// Apple Push Notification service.
        Apns = "apns",
        /// Firebase Cloud Messaging.
        Fcm = "fcm",
        /// A Web Push service (RFC 8030).
        WebPush = "web_push",
        /// Twilio or another SMS gateway.
        SmsGateway = "sms_gateway",
        /// An SMTP relay.
        Smtp = "smtp",
        /// Slack.
        Slack = "slack",
        /// Customer.io sent it and told us by webhook or export.
        CustomerIo = "customerio",
        /// A server that a webhook message calls.
        Webhook = "webhook",
    }
);
