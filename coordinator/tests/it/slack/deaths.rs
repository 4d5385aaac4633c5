//! A coordinator that dies in the middle of a deed: whoever comes next ends it, and nothing is done twice.

use coordinator::fake_slack::model::FileState;
use coordinator::fake_slack::seed::{ADA, BO, GENERAL, SECURITY};

use super::chaos::left_alone;
use super::stories::{CARD, Watched};
use crate::support::company::{Company, shown};
use crate::support::patience::until;
use crate::support::site::Site;

/// More than stands on a few pages of a conversation.
const MUCH: usize = 1_200;

/// A company whose Weir dies the `at`-th time that it passes a place.
async fn doomed(place: &str) -> Watched {
    let mut site = Site::embedded().patiently();
    let company = Company::acme(&mut site);
    site.set("WEIR_FAILPOINT", &format!("{place}:abort"));
    Watched::begin(site, company).await
}

impl Watched {
    /// Waits until it is dead.
    fn dies(&mut self) {
        assert!(!self.weir.wait_for_end().success(), "it died of it");
    }

    /// Starts another one that is not doomed.
    fn rises_again(&mut self) {
        self.site.unset("WEIR_FAILPOINT");
        self.weir = self.site.start();
    }

    fn count(&self, channel: &str, words: &str) -> usize {
        let messages = self.company.slack.messages(channel);
        messages
            .iter()
            .filter(|message| shown(message).contains(words))
            .count()
    }

    /// Everybody concerned was told, and once.
    async fn is_told_once(&self) {
        let dm = self.company.dm(BO);
        self.company.says(GENERAL, "data-loss prevention").await;
        self.company.says(&dm, "was removed").await;
        self.company.says(SECURITY, "Removed; a sealed copy").await;
        left_alone(&self.company).await;
        assert_eq!(self.count(GENERAL, "data-loss prevention"), 1, "one notice");
        assert_eq!(
            self.count(&dm, "was removed"),
            1,
            "one message to the author"
        );
        assert_eq!(
            self.count(SECURITY, "Removed; a sealed copy"),
            1,
            "one card"
        );
    }
}

/// Dies while a message with a file is taken away and everybody is told.
async fn dies_over_a_block(place: &str) {
    dies_while(0, place).await;
}

/// The same, and much is said while nobody sees to it.
async fn dies_over_a_post(place: &str) {
    dies_while(MUCH, place).await;
}

async fn dies_while(much: usize, place: &str) {
    let mut watched = doomed(place).await;
    let slack = &watched.company.slack;
    let content = "name,card\nBo,5555 5555 5555 4444\n";
    let (ts, file) = slack
        .upload(BO, GENERAL, "cards.csv", content, CARD)
        .unwrap();
    watched.dies();
    watched.company.silence();
    for channel in [GENERAL, SECURITY].repeat(much) {
        watched.company.slack.say(ADA, channel, "so be it").unwrap();
    }
    Company::call(&watched.company.slack, &watched.site);
    watched.rises_again();
    until("the leak is gone", async || {
        !watched.company.stands(GENERAL, &ts)
    })
    .await;
    watched.is_told_once().await;
    let kept = watched.company.slack.file(&file);
    assert!(kept.is_none_or(|file| file.state == FileState::Deleted));
}

/// Dies while a message with a file is given back.
async fn dies_over_a_release(place: &str) {
    let mut watched = doomed(place).await;
    let content = "name,card\nBo,5555 5555 5555 4444\n";
    let slack = &watched.company.slack;
    slack
        .upload(BO, GENERAL, "cards.csv", content, CARD)
        .unwrap();
    let card = watched
        .company
        .says(SECURITY, "Removed; a sealed copy")
        .await;
    slack
        .click(ADA, SECURITY, &card.ts, "weir_release", None)
        .await
        .unwrap();
    watched.dies();
    watched.rises_again();
    watched.company.says(GENERAL, "Originally posted by").await;
    let back = watched.company.file_in(GENERAL, "cards.csv").await;
    left_alone(&watched.company).await;
    assert_eq!(
        watched.count(GENERAL, "Originally posted by"),
        1,
        "it is back once"
    );
    let file = watched.company.slack.file(&back).unwrap();
    assert_eq!(file.bytes, content.as_bytes());
    let shared = watched.company.slack.messages(GENERAL);
    let shared = shared.iter().filter(|message| !message.files.is_empty());
    assert_eq!(shared.count(), 1, "and so is its file");
}

macro_rules! deaths {
    ($($name:ident: $story:ident($place:literal);)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            $story($place).await;
        }
    )+};
}

deaths! {
    a_claimed_deed_is_done_by_the_next: dies_over_a_block("enforcer_claimed:1");
    a_file_that_was_kept_is_not_lost: dies_over_a_block("file_kept:1");
    a_message_that_was_taken_away_is_explained_once: dies_over_a_block("message_taken_away:1");
    what_was_done_and_not_recorded_is_found_done: dies_over_a_block("enforcer_acted:1");
    what_was_posted_first_is_not_posted_again: dies_over_a_post("posted:1");
    what_was_posted_second_is_not_posted_again: dies_over_a_post("posted:2");
    what_was_posted_third_is_not_posted_again: dies_over_a_post("posted:3");
    what_was_recorded_leads_on: dies_over_a_block("enforcer_recorded:1");
    files_that_were_given_back_are_not_given_back_again: dies_over_a_release("files_given_back:1");
}
