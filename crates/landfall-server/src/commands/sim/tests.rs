use super::scripts::Scripts;

#[test]
fn the_script_that_the_help_shows_is_one() {
    let help = include_str!("providers.rs");
    let begins = help.find("  {\\\"apns\\\"").unwrap();
    let ends = begins + help[begins..].find("]}}").unwrap() + 3;
    let text = help[begins..ends].replace('\\', "");
    let scripts: Scripts = serde_json::from_str(&text).unwrap();
    assert_eq!(scripts.apns.rules.len(), 2);
}

#[test]
fn a_script_for_an_unknown_provider_is_refused() {
    let refused = serde_json::from_str::<Scripts>(r#"{"apple": {"rules": []}}"#);
    assert!(refused.unwrap_err().to_string().contains("apple"));
}
