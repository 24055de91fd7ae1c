//! Draws that depend on nothing but their arguments.

/// A number from 0 up to but not including 1, evenly spread over its arguments: the script's seed, the
/// number of the rule in the script (from 0), the recipient, and how often that rule has drawn for that
/// recipient before.
///
/// The rule's number is part of it so that two rules that ask for a third each take different thirds.
pub fn draw(seed: u64, rule: usize, recipient: &str, count: u64) -> f64 {
    let mut state = mixed(seed ^ mixed(rule as u64));
    state = mixed(state ^ name(recipient));
    state = mixed(state ^ count);
    // 53 bits are what a float holds exactly.
    #[expect(
        clippy::cast_precision_loss,
        reason = "both fit into the 53 bits that a float holds exactly"
    )]
    let share = (state >> 11) as f64 / (1_u64 << 53) as f64;
    share
}

/// A recipient as a number: FNV-1a over 64 bits, finished by [`mixed`].
pub(crate) fn name(recipient: &str) -> u64 {
    let fnv = recipient
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    mixed(fnv)
}

/// The finishing step of SplitMix64: every bit of the input moves half of the output's bits.
pub(crate) fn mixed(input: u64) -> u64 {
    let mut state = input.wrapping_add(0x9e37_79b9_7f4a_7c15);
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}
