//! Every status and reason that APNs documents (providers.md 1.4).

/// Makes the enumeration with its statuses from one table.
macro_rules! reasons {
    ($($status:literal: $($name:ident)+;)+) => {
        /// Why APNs refuses, named as in the answer's `reason`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "the names are Apple's; providers.md 1.4 explains them")]
        pub enum Reason {
            $($($name,)+)+
        }

        impl Reason {
            /// All of them, by status.
            pub const ALL: &[Self] = &[$($(Self::$name,)+)+];

            /// The HTTP status that the reason comes with.
            pub const fn status(self) -> u16 {
                match self {
                    $($(Self::$name => $status,)+)+
                }
            }

            /// The name as in the answer's `reason`.
            pub const fn name(self) -> &'static str {
                match self {
                    $($(Self::$name => stringify!($name),)+)+
                }
            }
        }
    };
}

reasons! {
    400: BadCollapseId BadDeviceToken BadExpirationDate BadMessageId BadPriority BadTopic
        DeviceTokenNotForTopic DuplicateHeaders IdleTimeout InvalidPushType MissingDeviceToken
        MissingTopic PayloadEmpty TopicDisallowed
        // Broadcasts and channels.
        BadChannelId BadRequestParams BadRequestPayload CannotCreateChannelConfig
        ChannelNotRegistered FeatureNotEnabled MissingChannelId MissingPushType;
    403: BadCertificate BadCertificateEnvironment BadEnvironmentKeyIdInToken BadEnvironmentKeyInToken
        ExpiredProviderToken Forbidden InvalidProviderToken MissingProviderToken
        TopicMismatch UnrelatedKeyIdInToken;
    404: BadPath;
    405: MethodNotAllowed;
    410: ExpiredToken Unregistered;
    413: PayloadTooLarge;
    429: TooManyProviderTokenUpdates TooManyRequests;
    500: InternalServerError;
    503: ServiceUnavailable Shutdown;
}

impl Reason {
    /// The reason of this name, if APNs documents one.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.name() == name)
    }
}
