//! Twilio's error codes (providers.md 5.1, and Twilio's own pages for those that only this API uses).

#[cfg(test)]
mod tests;

/// A code with what Twilio says beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The number.
    pub code: u32,
    /// The HTTP status when a request is refused with it.
    pub status: u16,
    /// What it means.
    pub message: &'static str,
}

/// The codes that this simulator knows by name, in ascending order. Those from 30001 on usually come with a
/// message's status, the others with the answer to a request.
pub const CODES: &[Code] = &[
    of(14101, 400, "Invalid 'To' attribute"),
    of(14103, 400, "Invalid body"),
    of(14107, 429, "SMS send rate limit exceeded"),
    of(20003, 401, "Authentication Error - invalid username"),
    of(20404, 404, "The requested resource was not found"),
    of(20429, 429, "Too Many Requests"),
    of(20500, 500, "Internal Server Error"),
    of(21211, 400, "The 'To' number is not a valid phone number"),
    of(21212, 400, "The 'From' number is not a valid phone number"),
    of(21214, 400, "The 'To' phone number cannot be reached"),
    of(21217, 400, "The phone number does not appear to be valid"),
    of(21401, 400, "Invalid phone number"),
    of(
        21408,
        400,
        "Permission to send an SMS has not been enabled for the region",
    ),
    of(21602, 400, "Message body is required"),
    of(21603, 400, "A 'From' phone number is required"),
    of(21604, 400, "A 'To' phone number is required"),
    of(
        21606,
        400,
        "The 'From' number is not an SMS-capable number of your account",
    ),
    of(
        21608,
        400,
        "The number is unverified. Trial accounts cannot message unverified numbers",
    ),
    of(21609, 400, "The StatusCallback URL is not valid"),
    of(21610, 400, "Attempt to send to unsubscribed recipient"),
    of(
        21611,
        429,
        "This 'From' number has exceeded the maximum number of queued messages",
    ),
    of(21612, 400, "Cannot route to this number from this sender"),
    of(21614, 400, "The 'To' number is not a valid mobile number"),
    of(
        21617,
        400,
        "The concatenated message body exceeds the 1600 character limit",
    ),
    of(
        21619,
        400,
        "A text message body or media URLs must be specified",
    ),
    of(21624, 400, "Invalid validity period value"),
    of(
        21659,
        400,
        "The 'From' is not a Twilio phone number or short code of this country",
    ),
    of(21701, 404, "The Messaging Service does not exist"),
    of(
        21703,
        400,
        "The Messaging Service does not have a phone number available",
    ),
    of(
        21704,
        400,
        "The Messaging Service contains no phone numbers",
    ),
    of(30001, 400, "Queue overflow"),
    of(30002, 400, "Account suspended"),
    of(30003, 400, "Unreachable destination handset"),
    of(30004, 400, "Message blocked"),
    of(30005, 400, "Unknown destination handset"),
    of(30006, 400, "Landline or unreachable carrier"),
    of(30007, 400, "Message filtered"),
    of(30008, 400, "Unknown error"),
    of(30017, 400, "Carrier network congestion"),
    of(30019, 400, "Content size exceeds carrier limit"),
    of(30022, 400, "US A2P 10DLC rate limits exceeded"),
    of(30023, 400, "US A2P 10DLC daily message cap reached"),
    of(30032, 400, "Toll-free number has not been verified"),
    of(30034, 400, "Message from an unregistered number"),
    of(30035, 400, "Message from a blocked number"),
    of(30036, 400, "Validity period expired"),
    of(30042, 400, "Sender ID blocked"),
    of(30400, 400, "Parameters are not valid"),
    of(30409, 409, "This message cannot be canceled"),
    of(30410, 400, "Provider timeout"),
    of(
        30450,
        400,
        "Message delivery blocked to protect against fraud",
    ),
    of(
        30453,
        400,
        "Message could not be delivered: suspected fraud",
    ),
    of(30500, 500, "Internal failure"),
    of(35111, 400, "SendAt timestamp is missing"),
    of(35115, 400, "Scheduling does not support this timestamp"),
    of(
        35118,
        400,
        "MessagingServiceSid is required to schedule a message",
    ),
    of(
        63016,
        400,
        "Failed to send freeform message outside the allowed window",
    ),
    of(63018, 429, "Rate limit exceeded for the channel"),
    of(63024, 400, "Invalid message recipient"),
    of(
        63032,
        400,
        "Message could not be sent: the recipient is in an experiment",
    ),
    of(
        63036,
        400,
        "The recipient cannot be reached by this channel",
    ),
    of(63038, 429, "Account exceeded the daily messages limit"),
];

const fn of(code: u32, status: u16, message: &'static str) -> Code {
    Code {
        code,
        status,
        message,
    }
}

/// A code with its words; for one that is not in the list, 400 and words that say so.
pub fn look_up(code: u32) -> Code {
    match CODES.binary_search_by_key(&code, |known| known.code) {
        Ok(place) => CODES[place],
        Err(_) => of(code, 400, "An error without a description"),
    }
}
