//! Users and roles, by call.

use super::*;

const PATH: &str = "/landfall/v1/users";

impl House {
    /// Adds a user of the first workspace; number and key.
    pub(super) async fn user(&self, name: &str, role: &str) -> (u64, String) {
        let body = json!({"name": name, "role": role}).to_string();
        let answer = self.own(1, &format!("POST {PATH}"), body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let added = answer.json();
        let key = added["key"].as_str().expect("a key").to_owned();
        (added["id"].as_u64().expect("a number"), key)
    }
}

#[tokio::test]
async fn a_user_may_do_what_their_role_says_and_no_more() {
    let house = House::open();
    let segment = json!({"name": "All", "description": ""});
    let named = json!({"names": []});
    for (role, edits, manages) in [
        ("viewer", false, false),
        ("editor", true, false),
        ("admin", true, true),
    ] {
        let (_, key) = house.user(&format!("{role}@shop.example"), role).await;
        let me = house
            .with_key(&key, "GET /landfall/v1/me", &json!({}))
            .await
            .json();
        assert_eq!(me["role"], role);
        assert_eq!(me["user"], format!("{role}@shop.example"));
        let looked = house
            .with_key(&key, "GET /landfall/v1/segments", &json!({}))
            .await;
        assert_eq!(looked.status, 200);
        let names = house.with_key(&key, "PUT /landfall/v1/names", &named).await;
        assert_eq!(names.status == 200, edits, "{role}: {}", names.text);
        let theirs = house
            .with_key(&key, "POST /v1/segments", &json!({ "segment": segment }))
            .await;
        assert_eq!(theirs.status != 403, edits, "{role}: {}", theirs.text);
        let rules = house
            .with_key(&key, "PUT /landfall/v1/policy", &json!({}))
            .await;
        assert_eq!(rules.status == 200, manages, "{role}: {}", rules.text);
        if !manages {
            let error = &rules.json()["error"];
            assert_eq!(
                (rules.status.as_u16(), &error["code"]),
                (403, &json!("forbidden"))
            );
            let message = error["message"].as_str().expect("words");
            assert!(
                message.contains("admin") && message.contains(role),
                "{message}"
            );
        }
        // Another kind of key is another door.
        let track = "PUT /api/v1/customers/ann";
        let tracked = house.with_key(&key, track, &json!({})).await;
        assert_eq!(tracked.status, 401);
    }
}

#[tokio::test]
async fn users_are_added_changed_and_removed_at_once() {
    let house = House::open();
    let (lea, key) = house.user("Lea", "viewer").await;
    let again = json!({"name": "Lea", "role": "admin"}).to_string();
    assert_eq!(
        house.own(1, &format!("POST {PATH}"), again).await.status,
        409
    );
    for (wrong, field) in [
        (json!({"name": " ", "role": "admin"}), "name"),
        (json!({"name": "Ben", "role": "owner"}), "role"),
    ] {
        let answer = house
            .own(1, &format!("POST {PATH}"), wrong.to_string())
            .await;
        assert_eq!(answer.json()["error"]["field"], field, "{}", answer.text);
    }
    let listed = house.own(1, &format!("GET {PATH}"), "").await.json();
    assert_eq!(listed["users"][0]["name"], "Lea");
    assert_eq!(listed["users"][0]["ends_with"], key[key.len() - 4..]);
    assert!(!listed.to_string().contains(&key), "the key is shown once");
    let elsewhere = house.own(2, &format!("GET {PATH}"), "").await.json();
    assert_eq!(elsewhere, json!({"users": []}), "workspaces are apart");
    let foreign = house.own(2, &format!("DELETE {PATH}/{lea}"), "").await;
    assert_eq!(foreign.status, 404);

    let names = json!({"names": []});
    let role = json!({"role": "editor"}).to_string();
    assert_eq!(
        house
            .with_key(&key, "PUT /landfall/v1/names", &names)
            .await
            .status,
        403
    );
    assert_eq!(
        house
            .own(1, &format!("PUT {PATH}/{lea}"), role)
            .await
            .status,
        204
    );
    assert_eq!(
        house
            .with_key(&key, "PUT /landfall/v1/names", &names)
            .await
            .status,
        200
    );
    assert_eq!(
        house
            .own(1, &format!("DELETE {PATH}/{lea}"), "")
            .await
            .status,
        204
    );
    assert_eq!(
        house
            .with_key(&key, "GET /landfall/v1/me", &json!({}))
            .await
            .status,
        401
    );
    // Keys of servers are no users, and are not removed as such.
    assert_eq!(
        house.own(1, &format!("DELETE {PATH}/1"), "").await.status,
        404
    );
}

#[tokio::test]
async fn nobody_takes_their_own_rights_away_and_logs_know_who_it_was() {
    let house = House::open();
    let (lea, key) = house.user("Lea", "admin").await;
    let own = format!("{PATH}/{lea}");
    assert_eq!(
        house
            .with_key(&key, &format!("DELETE {own}"), &json!({}))
            .await
            .status,
        409
    );
    let lower = house
        .with_key(&key, &format!("PUT {own}"), &json!({"role": "viewer"}))
        .await;
    assert_eq!(lower.status, 409);
    let view = json!({"name": "Mine", "page": "log", "query": "", "by": "Ben"});
    let kept = house.with_key(&key, "POST /landfall/v1/views", &view).await;
    assert_eq!(kept.json()["by"], "Lea", "{}", kept.text);
}
