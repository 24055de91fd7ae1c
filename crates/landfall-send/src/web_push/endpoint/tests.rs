use super::*;

fn strict() -> Rules {
    Rules {
        hosts: Vec::new(),
        private_allowed: false,
    }
}

#[test]
fn endpoints_of_the_four_families_are_called_unchanged() {
    for endpoint in [
        "https://fcm.googleapis.com/fcm/send/c1KrmpTuRm4:APA91bH",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAAA_-=",
        "https://web.push.apple.com/QGuQyavXutnMH...",
        "https://wns2-par02p.notify.windows.com/w/?token=BQYAAA%3d%3d",
    ] {
        assert_eq!(accept(endpoint, &strict()).unwrap().as_str(), endpoint);
    }
}

#[test]
fn what_could_lead_elsewhere_is_not_called() {
    for (endpoint, problem) in [
        ("", EndpointProblem::NotAnAddress),
        ("c1KrmpTuRm4:APA91bH", EndpointProblem::NotAnAddress),
        ("/wpush/v2/x", EndpointProblem::NotAnAddress),
        ("http://push.example/x", EndpointProblem::NotHttps),
        ("file:///etc/passwd", EndpointProblem::NotAnAddress),
        ("ftp://push.example/x", EndpointProblem::NotHttps),
        ("https://push.example@10.0.0.1/x", EndpointProblem::UserInfo),
        ("https://push.example:8443/x", EndpointProblem::Port),
        ("https://127.0.0.1/x", EndpointProblem::Literal),
        ("https://0x7f000001/x", EndpointProblem::Literal),
        ("https://[::ffff:127.0.0.1]/x", EndpointProblem::Literal),
        ("https://8.8.8.8/x", EndpointProblem::Literal),
    ] {
        let found = accept(endpoint, &strict()).unwrap_err();
        assert_eq!(found, problem, "{endpoint}");
        assert_eq!(found.answer().reason(), Some(Reason::TokenMalformed));
    }
}

#[test]
fn a_host_under_invalid_is_a_subscription_that_is_gone() {
    for endpoint in [
        "https://permanently-removed.invalid/fcm/send/x",
        "https://removed.INVALID./x",
    ] {
        let problem = accept(endpoint, &strict()).unwrap_err();
        assert!(matches!(problem, EndpointProblem::GivenUp(_)), "{endpoint}");
        assert_eq!(problem.answer().reason(), Some(Reason::TokenUnregistered));
    }
    assert!(accept("https://notinvalid/x", &strict()).is_ok());
}

#[test]
fn a_list_of_hosts_covers_their_subdomains_and_nothing_else() {
    let rules = Rules {
        hosts: vec!["push.apple.com".to_owned(), "fcm.googleapis.com".to_owned()],
        private_allowed: false,
    };
    for endpoint in [
        "https://web.push.apple.com/x",
        "https://push.apple.com/x",
        "https://FCM.googleapis.com/x",
        "https://fcm.googleapis.com./x",
    ] {
        assert!(accept(endpoint, &rules).is_ok(), "{endpoint}");
    }
    for endpoint in [
        "https://evilpush.apple.com.example/x",
        "https://notpush.apple.com/x",
        "https://evilfcm.googleapis.com/x",
    ] {
        let problem = accept(endpoint, &rules).unwrap_err();
        assert!(
            matches!(problem, EndpointProblem::NotListed(_)),
            "{endpoint}"
        );
        assert_eq!(
            problem.answer().reason(),
            Some(Reason::ProviderNotConfigured)
        );
    }
}

#[test]
fn a_simulator_is_called_only_where_private_addresses_are_allowed() {
    let rules = Rules {
        private_allowed: true,
        ..strict()
    };
    for endpoint in [
        "http://127.0.0.1:9090/notify/x",
        "http://localhost:9090/notify/x",
        "https://[::1]:8443/x",
    ] {
        assert!(accept(endpoint, &rules).is_ok(), "{endpoint}");
        assert!(accept(endpoint, &strict()).is_err(), "{endpoint}");
    }
    assert_eq!(
        accept("ftp://127.0.0.1/x", &rules),
        Err(EndpointProblem::NotHttps)
    );
}
