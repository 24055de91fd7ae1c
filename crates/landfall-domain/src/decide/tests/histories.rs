//! What holds for any history of operations.

use proptest::prelude::*;

use super::operations::{history, operation};
use super::{Taken, World, sec};
use crate::input::Input;

fn play(history: &[(Input, i64)]) -> World {
    let mut world = World::default();
    for (input, arrival) in history {
        world.one(input, sec(*arrival));
    }
    world
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// One owner of each token, identifiers that lead to their people and back, states that their
    /// stored inputs make byte for byte: after every step.
    #[test]
    fn the_world_is_in_order_after_every_step(history in history(40)) {
        let mut world = World::default();
        for (input, arrival) in &history {
            world.one(input, sec(*arrival));
            world.check();
        }
    }

    /// How inputs are cut into batches makes no difference.
    #[test]
    fn batches_change_nothing(history in history(30), cut in 1_usize..8) {
        let now = sec(100 * 86_400);
        let inputs: Vec<Input> = history.into_iter().map(|(input, _)| input).collect();
        let mut one_by_one = World::default();
        for input in &inputs {
            one_by_one.one(input, now);
        }
        let mut in_batches = World::default();
        for batch in inputs.chunks(cut) {
            in_batches.take(batch, now);
        }
        in_batches.check();
        prop_assert_eq!(one_by_one, in_batches);
    }

    /// An input that came before changes nothing, whatever happened in between.
    #[test]
    fn a_second_copy_changes_nothing(history in history(20), copied in operation(), again in 0_i64..9) {
        let mut world = play(&history);
        let key = Some("event:copied".to_owned());
        let input = Input { dedupe_key: key, ..copied.0 };
        let now = sec(50 * 86_400);
        if matches!(world.one(&input, now), Taken::Applied | Taken::Quarantined) {
            let before = world.clone();
            let taken = world.one(&input, sec(50 * 86_400 + again));
            prop_assert_eq!(taken, Taken::Duplicate);
            prop_assert_eq!(world, before);
        }
    }

    /// What is ignored leaves no trace but what is noted of nobody.
    #[test]
    fn what_is_ignored_changes_nobody(history in history(20), next in operation()) {
        let mut world = play(&history);
        let before = world.clone();
        if world.one(&next.0, sec(60 * 86_400)) == Taken::Ignored {
            prop_assert_eq!(&world.people, &before.people);
            prop_assert_eq!(&world.holders, &before.holders);
            prop_assert_eq!(&world.tokens, &before.tokens);
            prop_assert_eq!(&world.deliveries, &before.deliveries);
            prop_assert_eq!(&world.members, &before.members);
        }
    }
}
