//! Actors that die, freeze and come back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use actix::{Actor, Addr, Arbiter, AsyncContext as _, Context, Handler, Message, WrapFuture as _};
use shared::actor::{ActorError, GuardOptions, Guarded, Guardian, answer_with};
use shared::telemetry::{ActorMetrics, Metrics};
use tokio::sync::mpsc;

const NEVER: Duration = Duration::from_secs(100_000);

/// Which build of the actor this is.
struct Clerk(u32);

impl Actor for Clerk {
    type Context = Context<Self>;
}

shared::answers_ping!(Clerk);

#[derive(Message)]
#[rtype(result = "u32")]
struct WhichBuild;

#[derive(Message)]
#[rtype(result = "()")]
struct Panic;

#[derive(Message)]
#[rtype(result = "()")]
struct Freeze;

impl Handler<WhichBuild> for Clerk {
    type Result = u32;

    fn handle(&mut self, _: WhichBuild, _: &mut Context<Self>) -> u32 {
        self.0
    }
}

impl Handler<Panic> for Clerk {
    type Result = ();

    fn handle(&mut self, _: Panic, _: &mut Context<Self>) {
        panic!("on purpose");
    }
}

impl Handler<Freeze> for Clerk {
    type Result = ();

    fn handle(&mut self, _: Freeze, ctx: &mut Context<Self>) {
        ctx.wait(std::future::pending::<()>().into_actor(self));
    }
}

struct Stage {
    metrics: Metrics,
    given_up: mpsc::UnboundedReceiver<&'static str>,
    clerk: Guarded<Clerk>,
    _arbiter: Arbiter,
}

fn patient() -> GuardOptions {
    GuardOptions {
        look_every: NEVER,
        frozen_after: NEVER,
        answer_within: NEVER,
        back_off: Duration::ZERO,
        ..GuardOptions::default()
    }
}

fn stage(options: GuardOptions) -> Stage {
    let arbiter = Arbiter::new();
    let handle = arbiter.handle();
    let builds = Arc::new(AtomicU32::new(0));
    stage_with(options, arbiter, move || {
        let build = builds.fetch_add(1, Ordering::SeqCst) + 1;
        Clerk::start_in_arbiter(&handle, move |_| Clerk(build))
    })
}

fn stage_with(
    options: GuardOptions,
    arbiter: Arbiter,
    factory: impl Fn() -> Addr<Clerk> + Send + Sync + 'static,
) -> Stage {
    let metrics = Metrics::new();
    let (tell, given_up) = mpsc::unbounded_channel();
    let guardian = Guardian::new(options, metrics.actors.clone(), move |name| {
        tell.send(name).unwrap();
    });
    let clerk = guardian.guard("clerk", factory);
    Stage {
        metrics,
        given_up,
        clerk,
        _arbiter: arbiter,
    }
}

fn restarts(metrics: &Metrics) -> String {
    let text = metrics.encode();
    let line = text
        .lines()
        .find(|line| line.starts_with("weir_actor_restarts_total"));
    line.unwrap_or_default().to_owned()
}

#[actix::test]
async fn an_actor_that_panics_comes_back_without_waiting_for_a_look() {
    let stage = stage(patient());
    assert_eq!(stage.clerk.send(WhichBuild).await, Ok(1));
    assert_eq!(
        stage.clerk.send(Panic).await,
        Err(ActorError::Gone("clerk"))
    );
    stage.clerk.rebuilt(1).await.unwrap();
    assert_eq!(stage.clerk.send(WhichBuild).await, Ok(2));
    assert_eq!(
        restarts(&stage.metrics),
        r#"weir_actor_restarts_total{actor="clerk"} 1"#
    );
}

#[actix::test]
async fn sends_during_the_restart_wait_for_the_new_actor() {
    let stage = stage(patient());
    assert!(stage.clerk.send(Panic).await.is_err());
    // The old address may be seen for a moment longer; then the answer is that it is gone.
    let mut answers = Vec::new();
    for _ in 0..50 {
        answers.push(stage.clerk.send(WhichBuild).await);
    }
    assert!(answers.contains(&Ok(2)), "{answers:?}");
    assert!(
        answers
            .iter()
            .all(|answer| matches!(answer, Ok(2) | Err(ActorError::Gone(_))))
    );
}

#[actix::test]
async fn a_frozen_actor_is_replaced() {
    let stage = stage(GuardOptions {
        look_every: Duration::from_millis(1),
        frozen_after: Duration::from_millis(200),
        max_restarts: 1_000,
        ..patient()
    });
    stage.clerk.send(Freeze).await.unwrap();
    stage.clerk.rebuilt(1).await.unwrap();
    assert!(stage.clerk.send(WhichBuild).await.unwrap() >= 2);
}

#[actix::test]
async fn a_send_to_a_frozen_actor_times_out() {
    let stage = stage(patient());
    stage.clerk.send(Freeze).await.unwrap();
    let answer = stage
        .clerk
        .send_within(WhichBuild, Duration::from_millis(20))
        .await;
    assert_eq!(answer, Err(ActorError::TimedOut("clerk")));
}

#[actix::test]
async fn gives_up_after_three_restarts_in_a_minute() {
    let mut stage = stage(patient());
    for restart in 1..=3 {
        assert!(stage.clerk.send(Panic).await.is_err());
        if restart < 3 {
            stage.clerk.rebuilt(restart).await.unwrap();
            assert!(stage.given_up.try_recv().is_err());
        }
    }
    assert_eq!(stage.given_up.recv().await, Some("clerk"));
    assert_eq!(
        restarts(&stage.metrics),
        r#"weir_actor_restarts_total{actor="clerk"} 3"#
    );
    // The third rebuild serves the drain, and is the last.
    assert_eq!(stage.clerk.send(WhichBuild).await, Ok(4));
    assert!(stage.clerk.send(Panic).await.is_err());
    assert_eq!(stage.clerk.rebuilt(9).await, Err(ActorError::Gone("clerk")));
}

#[actix::test]
async fn a_factory_that_panics_is_a_death_like_any_other() {
    let arbiter = Arbiter::new();
    let handle = arbiter.handle();
    let builds = Arc::new(AtomicU32::new(0));
    let stage = stage_with(patient(), arbiter, move || {
        let build = builds.fetch_add(1, Ordering::SeqCst) + 1;
        assert!(build > 1, "on purpose");
        Clerk::start_in_arbiter(&handle, move |_| Clerk(build))
    });
    assert_eq!(stage.clerk.send(WhichBuild).await, Ok(2));
}

#[actix::test]
async fn a_full_mailbox_refuses_and_counts() {
    let stage = stage(patient());
    stage.clerk.send(Freeze).await.unwrap();
    let refused = (0..1_000).find_map(|_| stage.clerk.try_send(WhichBuild).err());
    assert_eq!(refused, Some(ActorError::Refused("clerk")));
    assert!(
        stage
            .metrics
            .encode()
            .contains(r#"weir_actor_mailbox_refused_total{actor="clerk"} 1"#)
    );
}

#[actix::test]
async fn a_dismissed_guardian_lets_the_dead_rest() {
    let arbiter = Arbiter::new();
    let handle = arbiter.handle();
    let guardian = Guardian::new(patient(), ActorMetrics::default(), |_| {});
    let clerk = guardian.guard("clerk", move || {
        Clerk::start_in_arbiter(&handle, |_| Clerk(1))
    });
    assert_eq!(clerk.send(WhichBuild).await, Ok(1));
    guardian.dismiss();
    assert_eq!(clerk.rebuilt(9).await, Err(ActorError::Gone("clerk")));
    assert_eq!(clerk.send(WhichBuild).await, Ok(1));
}

#[actix::test]
async fn a_function_can_stand_in_for_an_actor() {
    let asked = answer_with(|_: WhichBuild| Ok(7));
    assert_eq!(asked.ask(WhichBuild).await, Ok(7));
}
