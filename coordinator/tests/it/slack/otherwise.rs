//! The same story by other ways: what is shared otherwise, installed otherwise, or cannot be taken away.

use coordinator::fake_slack::model::{Conversation, FileState, Rank, User, Workspace};
use coordinator::fake_slack::seed::{
    ADA, ADMIN_SCOPES, BO, BOT_SCOPES, CY, GENERAL, SECURITY, TEAM,
};
use coordinator::fake_slack::{Delivering, FakeSlack, Fault, InstallPlan, Options};

use super::stories::{CARD, Watched, watched};
use crate::support::company::{Company, shown};
use crate::support::patience::until;
use crate::support::site::Site;

const CLEAN: &str = "lunch at noon?";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leaking_file_is_removed_with_its_message_and_given_back() {
    let watched = watched(Site::embedded().patiently()).await;
    let slack = &watched.company.slack;
    let content = format!("name,card\nBo,{CARD}\n");
    let (ts, file) = slack
        .upload(BO, GENERAL, "cards.csv", content.clone(), "here they are")
        .unwrap();

    watched.company.says(GENERAL, "data-loss prevention").await;
    assert!(!watched.company.stands(GENERAL, &ts), "the message is gone");
    assert!(
        slack
            .file(&file)
            .is_none_or(|file| file.state == FileState::Deleted),
        "the file is gone"
    );
    let card = watched
        .company
        .says(SECURITY, "Removed; a sealed copy")
        .await;
    slack
        .click(ADA, SECURITY, &card.ts, "weir_release", None)
        .await
        .unwrap();
    let back = watched.company.says(GENERAL, "Originally posted by").await;
    assert!(shown(&back).contains("here they are"));
    let shared = watched.company.file_in(GENERAL, "cards.csv").await;
    assert_eq!(slack.file(&shared).unwrap().bytes, content.as_bytes());
    watched.alert_with("released").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_that_leaks_is_removed() {
    let watched = watched(Site::embedded().patiently()).await;
    let slack = &watched.company.slack;
    let ts = slack.say(BO, GENERAL, CLEAN).unwrap();
    slack.settled().await;
    slack.edit(GENERAL, &ts, CARD).unwrap();
    watched.company.says(GENERAL, "data-loss prevention").await;
    assert!(
        !watched.company.stands(GENERAL, &ts),
        "the edited message is gone"
    );
    watched.alert_with("blocked").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_that_leaks_is_removed_and_explained_in_its_thread() {
    let watched = watched(Site::embedded().patiently()).await;
    let slack = &watched.company.slack;
    let root = slack.say(CY, GENERAL, "which card is it?").unwrap();
    let reply = slack.reply(BO, GENERAL, &root, CARD).unwrap();
    let notice = watched.company.says(GENERAL, "data-loss prevention").await;
    assert_eq!(notice.thread_ts.as_deref(), Some(root.as_str()));
    assert!(
        !watched.company.stands(GENERAL, &reply),
        "the reply is gone"
    );
    let card = watched
        .company
        .says(SECURITY, "Removed; a sealed copy")
        .await;
    slack
        .click(ADA, SECURITY, &card.ts, "weir_release", None)
        .await
        .unwrap();
    let back = watched.company.says(GENERAL, "Originally posted by").await;
    assert_eq!(back.thread_ts.as_deref(), Some(root.as_str()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_removed_is_told_and_its_exposure_ends_when_the_author_mends_it() {
    let mut site = Site::embedded().patiently();
    let company = Company::acme(&mut site);
    site.unset("WEIR_SLACK__ADMIN_TOKEN");
    let watched = Watched::begin(site, company).await;
    let slack = &watched.company.slack;
    let ts = slack.say(BO, GENERAL, CARD).unwrap();
    let told = watched
        .company
        .says(&watched.company.dm(BO), "please delete it")
        .await;
    assert!(!shown(&told).contains("weir_request_release"));
    assert!(
        watched.company.stands(GENERAL, &ts),
        "nobody could take it away"
    );
    watched
        .company
        .says(SECURITY, "does not let Weir remove it")
        .await;
    slack.edit(GENERAL, &ts, CLEAN).unwrap();
    watched
        .company
        .says(SECURITY, "its author removed or mended it")
        .await;
    watched.alert_with("author_mended").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organisation_with_discovery_hides_and_restores() {
    let mut site = Site::embedded().patiently();
    let company = organisation(&mut site);
    let watched = Watched::begin(site, company).await;
    let slack = &watched.company.slack;
    let ts = slack.say(BO, GENERAL, CARD).unwrap();
    let card = watched
        .company
        .says(SECURITY, "Hidden until reviewed")
        .await;
    let hidden = slack.message(GENERAL, &ts).unwrap();
    assert!(!shown(&hidden).contains("4111"), "{}", shown(&hidden));
    slack
        .click(ADA, SECURITY, &card.ts, "weir_release", None)
        .await
        .unwrap();
    watched.company.says(GENERAL, "4111 1111 1111 1111").await;
    watched.alert_with("released").await;
}

/// One organisation, one workspace in it, and the app in all of it.
fn organisation(site: &mut Site) -> Company {
    let slack = FakeSlack::start(Options::default()).unwrap();
    slack.add_organisation("E0ACME", "Acme Group");
    slack.add_workspace(Workspace::new(TEAM, "Acme").within("E0ACME"));
    slack.add_user(User::new(ADA, TEAM, "ada").ranked(Rank::Owner));
    slack.add_user(User::new(BO, TEAM, "bo"));
    let mut of_admin = ADMIN_SCOPES.to_vec();
    of_admin.extend(["discovery:read", "discovery:write"]);
    let plan = InstallPlan::on_organisation("E0ACME", &[TEAM], BOT_SCOPES).by(ADA, &of_admin);
    let tokens = slack.install(&plan);
    for (id, name) in [(GENERAL, "general"), (SECURITY, "security")] {
        let all = [ADA, BO, tokens.bot_user.as_str()];
        slack.add_channel(Conversation::public(id, TEAM, name).with(&all));
    }
    Company::of(slack, tokens, site)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_story_is_the_same_over_sockets() {
    let mut site = Site::embedded().patiently();
    let company = Company::acme(&mut site);
    company.slack.connect_by_socket();
    site.set("WEIR_SLACK__APP_TOKEN", &company.slack.app_token());
    site.unset("WEIR_SLACK__SIGNING_SECRET");
    let watched = Watched::begin(site, company).await;
    let slack = &watched.company.slack;
    watched.company.hears().await;
    let ts = slack.say(BO, GENERAL, CARD).unwrap();
    watched.company.says(GENERAL, "data-loss prevention").await;
    assert!(!watched.company.stands(GENERAL, &ts), "the leak is gone");
    let card = watched
        .company
        .says(SECURITY, "Removed; a sealed copy")
        .await;
    slack
        .click(ADA, SECURITY, &card.ts, "weir_release", None)
        .await
        .unwrap();
    watched.company.says(GENERAL, "Originally posted by").await;
    let status = slack.slash(BO, GENERAL, "/dlp", "status").await.unwrap();
    assert!(format!("{status:?}").contains("watching this workspace"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_story_is_the_same_with_nodes_of_their_own() {
    let mut site = Site::on_redis().await.patiently();
    let company = Company::acme(&mut site);
    let watched = Watched::begin(site, company).await;
    let _nodes = ["one", "two"].map(|name| watched.site.start_scanner(name));
    let slack = &watched.company.slack;
    let said = slack.say(BO, GENERAL, CARD).unwrap();
    watched.company.says(GENERAL, "data-loss prevention").await;
    assert!(!watched.company.stands(GENERAL, &said), "the leak is gone");
    let content = "name,card\nCy,5555 5555 5555 4444\n";
    let (ts, _) = slack
        .upload(CY, GENERAL, "cards.csv", content, "here they are")
        .unwrap();
    until("the file's message is gone", async || {
        !watched.company.stands(GENERAL, &ts)
    })
    .await;
    let card = watched
        .company
        .says(SECURITY, "Removed; a sealed copy")
        .await;
    slack
        .click(ADA, SECURITY, &card.ts, "weir_release", None)
        .await
        .unwrap();
    watched.company.says(GENERAL, "Originally posted by").await;
    watched.alert_with("released").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_strangers_write_and_direct_messages_are_left_standing_and_it_is_said_why() {
    let mut site = Site::embedded().patiently();
    let company = Company::acme(&mut site);
    let slack = &company.slack;
    slack.add_workspace(Workspace::new("T0ELSE", "Else"));
    slack.add_user(User::new("U0SAM", "T0ELSE", "sam"));
    let bot = company.tokens.bot_user.clone();
    let both = Conversation::public("C0BOTH", TEAM, "both").with(&[ADA, "U0SAM", &bot]);
    slack.add_channel(both.shared_with("T0ELSE"));
    let watched = Watched::begin(site, company).await;
    let slack = &watched.company.slack;
    let dm = watched.company.dm(BO);
    for (user, channel, because) in [
        ("U0SAM", "C0BOTH", "external_author"),
        (BO, dm.as_str(), "direct_message"),
    ] {
        let ts = slack.say(user, channel, CARD).unwrap();
        let find = async || {
            let messages = watched.admin.get("messages").await;
            let items = messages["items"].as_array().unwrap().clone();
            let blocked = items.into_iter().map(|item| item["blocked"].clone());
            let mut of_it = blocked.filter(|held| held["ts"] == ts.as_str());
            of_it.find(|held| held["state"] == "standing")
        };
        until(&format!("{because} is told"), async || {
            find().await.is_some()
        })
        .await;
        let told = find().await.unwrap()["not_possible"].to_string();
        assert!(told.contains(because), "{told}");
        assert!(watched.company.stands(channel, &ts));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_leaks_while_no_socket_is_open_is_removed_afterwards() {
    let mut site = Site::embedded().patiently();
    let options = Options {
        delivering: Delivering {
            retries: Vec::new(),
            ..Delivering::default()
        },
        ..Options::default()
    };
    let company = Company::with(&mut site, options);
    company.slack.connect_by_socket();
    site.set("WEIR_SLACK__APP_TOKEN", &company.slack.app_token());
    site.set("WEIR_SLACK__GAP_AFTER", "1s");
    let watched = Watched::begin(site, company).await;
    watched.company.hears().await;
    let slack = &watched.company.slack;
    for _ in 0..4 {
        slack.fail_next("apps.connections.open", Fault::Status(503));
    }
    slack.disconnect("refresh_requested");
    let ts = slack.say(BO, GENERAL, CARD).unwrap();
    until("the leak is gone", async || {
        !watched.company.stands(GENERAL, &ts)
    })
    .await;
    let backfills = watched.admin.get("backfills").await;
    assert_eq!(backfills["items"][0]["reason"], "not_listened");
}
