use super::{SHARES, Sip, delivery_id, share};

#[test]
fn the_hash_gives_the_published_vectors() {
    // The key 00 01 .. 0f; inputs of 0, 1, 7, 8 and 15 bytes that count up (appendix A of the paper, and
    // vectors.h of the reference implementation).
    let key = std::array::from_fn(|index| u8::try_from(index).unwrap());
    for (length, expected) in [
        (0_u8, 0x726f_db47_dd0e_0e31_u64),
        (1, 0x74f8_39c5_93dc_67fd),
        (7, 0xab02_00f5_8b01_d137),
        (8, 0x93f5_f579_9a93_2462),
        (15, 0xa129_ca61_49be_45e5),
    ] {
        let mut sip = Sip::new(&key);
        sip.write(&(0..length).collect::<Vec<u8>>());
        assert_eq!(sip.finish(), expected, "{length}");
    }
}

#[test]
fn people_are_spread_evenly_and_each_stays_where_it_is() {
    let people = 20_000_u32;
    let below: u32 = (0..people)
        .map(|person| u32::from(share("cart", "split", &format!("p{person}")) < SHARES / 2))
        .sum();
    // Five standard deviations of a fair coin.
    assert!(below.abs_diff(people / 2) < 354, "{below}");
    assert_eq!(share("cart", "split", "p1"), share("cart", "split", "p1"));
    let differ = (0..100)
        .filter(|person| {
            let id = format!("p{person}");
            share("cart", "split", &id) != share("cart", "other", &id)
        })
        .count();
    assert!(differ > 90, "{differ}");
    assert_ne!(share("ab", "c", "d"), share("a", "bc", "d"));
}

#[test]
fn ids_differ_by_everything_that_they_are_made_of() {
    let id = delivery_id(&[7; 16], 1, 2, 3);
    assert_eq!(id.len(), 34);
    assert_eq!(id, delivery_id(&[7; 16], 1, 2, 3));
    for other in [
        delivery_id(&[8; 16], 1, 2, 3),
        delivery_id(&[7; 16], 2, 2, 3),
        delivery_id(&[7; 16], 1, 3, 3),
        delivery_id(&[7; 16], 1, 2, 4),
    ] {
        assert_ne!(id, other);
    }
}
