//! A call of the Web API, from the request to the answer.
//!
//! Owns the order of what may refuse it: accidents, token, kind of token, scope, rate limit, and at last the
//! method itself.

use std::time::Instant;

use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Manners;
use super::answer::Answer;
use super::methods::{self, Accepts, Body, Method};
use super::params::Params;
use crate::fake_slack::deeds::Caller;
use crate::fake_slack::faults::Fault;
use crate::fake_slack::limits::{Limits, Tier};
use crate::fake_slack::model::{Token, TokenKind, World};
use crate::fake_slack::refusal::{Outcome, Refusal};
use crate::fake_slack::stage::{Call, Stage};

/// What a method is given.
#[derive(Debug)]
pub(in crate::fake_slack) struct Request {
    pub(in crate::fake_slack) caller: Caller,
    pub(in crate::fake_slack) params: Params,
    /// The secret it was called with.
    pub(in crate::fake_slack) token: String,
    /// Name and secret of HTTP Basic.
    pub(in crate::fake_slack) basic: Option<(String, String)>,
}

/// What arrived.
struct Incoming {
    method: String,
    params: Params,
    token: Option<String>,
    basic: Option<(String, String)>,
    lacks_charset: Charset,
    fault: Option<Refusal>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Charset {
    Told,
    Missing,
}

pub(super) async fn receive(
    request: HttpRequest,
    method: web::Path<String>,
    body: web::Bytes,
    stage: web::Data<Stage>,
    manners: web::Data<Manners>,
) -> HttpResponse {
    let began = Instant::now();
    let incoming = read(&request, method.into_inner(), &body);
    let mut call = Call {
        at: stage.look(World::now),
        method: incoming.method.clone(),
        token: None,
        user: None,
        params: incoming.params.all(),
        status: None,
        answer: serde_json::Value::Null,
        took: began.elapsed(),
    };
    let fault = stage.faults().next(&incoming.method);
    let answer = match fault {
        None => run(&stage, *manners.get_ref(), incoming, &mut call),
        Some(fault) => go_wrong(&stage, *manners.get_ref(), incoming, (fault, &mut call)).await,
    };
    call.status = Some(answer.status);
    call.answer = answer.body.clone();
    call.took = began.elapsed();
    stage.note(call);
    answer.respond()
}

fn read(request: &HttpRequest, method: String, body: &[u8]) -> Incoming {
    let header = |name| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let content_type = header(CONTENT_TYPE).unwrap_or_default().to_lowercase();
    let mut params = Params::default();
    params.add_form(request.query_string().as_bytes());
    let mut fault = None;
    let mut lacks_charset = Charset::Told;
    if content_type.starts_with("application/json") {
        if !content_type.contains("charset") {
            lacks_charset = Charset::Missing;
        }
        if methods::find(&method).is_none_or(|method| method.body == Body::Any) {
            fault = params.add_json(body).err();
        }
    } else {
        params.add_form(body);
    }
    let authorization = header(AUTHORIZATION).unwrap_or_default();
    let bearer = authorization
        .strip_prefix("Bearer ")
        .map(str::trim)
        .map(str::to_owned);
    let basic = authorization.strip_prefix("Basic ").and_then(read_basic);
    let told = params.take("token");
    Incoming {
        method,
        params,
        token: bearer.or(told),
        basic,
        lacks_charset,
        fault,
    }
}

fn read_basic(encoded: &str) -> Option<(String, String)> {
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (name, secret) = decoded.split_once(':')?;
    Some((name.to_owned(), secret.to_owned()))
}

async fn go_wrong(
    stage: &Stage,
    manners: Manners,
    incoming: Incoming,
    (fault, call): (Fault, &mut Call),
) -> Answer {
    match fault {
        Fault::RateLimited(after) => Answer::rate_limited(after),
        Fault::Status(status) => Answer::plain(status, serde_json::Value::Null),
        Fault::Hang(time) => {
            tokio::time::sleep(time).await;
            Answer::plain(504, serde_json::Value::Null)
        }
        Fault::Refuse(error) => Answer::plain(200, Refusal::of(&error).into_body()),
        Fault::Answer(body) => Answer::plain(200, body),
        Fault::DoneBut(fault) => {
            // What it answered is what the caller never learns.
            drop(run(stage, manners, incoming, call));
            let nothing = Incoming {
                method: String::new(),
                params: Params::default(),
                token: None,
                basic: None,
                lacks_charset: Charset::Told,
                fault: None,
            };
            Box::pin(go_wrong(stage, manners, nothing, (*fault, call))).await
        }
    }
}

fn run(stage: &Stage, manners: Manners, incoming: Incoming, call: &mut Call) -> Answer {
    let lacks_charset = incoming.lacks_charset;
    let mut answer = match prepare(stage, incoming, call) {
        Ok((method, request)) => perform(stage, manners, method, &request),
        Err(refusal) => Answer::of(Err(refusal), None, &[]),
    };
    if lacks_charset == Charset::Missing && answer.status == 200 {
        answer.warn_of_charset();
    }
    answer
}

fn prepare(
    stage: &Stage,
    incoming: Incoming,
    call: &mut Call,
) -> Outcome<(&'static Method, Request)> {
    let method = methods::find(&incoming.method);
    let method = method.ok_or_else(|| {
        Refusal::of("unknown_method").with("req_method", incoming.method.clone().into())
    })?;
    if let Some(fault) = incoming.fault {
        return Err(fault);
    }
    let secret = incoming.token.unwrap_or_default();
    let caller = match method.accepts {
        Accepts::Anybody => nobody(),
        _ => stage.look(|world| identify(world, &secret))?,
    };
    if method.accepts != Accepts::Anybody {
        call.token = Some(caller.kind);
        call.user = Some(caller.user.clone()).filter(|user| !user.is_empty());
    }
    let request = Request {
        caller,
        params: incoming.params,
        token: secret,
        basic: incoming.basic,
    };
    Ok((method, request))
}

fn perform(stage: &Stage, manners: Manners, method: &Method, request: &Request) -> Answer {
    let caller = &request.caller;
    let outcome = admit(method, caller);
    let answer = |outcome| Answer::of(outcome, Some(caller), method.scopes);
    if let Err(refusal) = outcome {
        return answer(Err(refusal));
    }
    if let Err(wait) = limited(stage, manners.limits, method, request) {
        return Answer::rate_limited(wait);
    }
    if method.name == "apps.connections.open" {
        return answer(Ok(super::socket::invite(stage, caller)));
    }
    answer(stage.change(|world| (method.run)(world, request)))
}

fn limited(
    stage: &Stage,
    limits: Limits,
    method: &Method,
    request: &Request,
) -> Result<(), std::time::Duration> {
    let place = match method.tier {
        Tier::Posting => request.params.text("channel"),
        _ => request
            .caller
            .team
            .clone()
            .or_else(|| request.caller.organisation.clone()),
    };
    let what = format!("{}/{}", method.name, place.unwrap_or_default());
    let now = stage.look(World::now);
    stage.windows().count(limits, method.tier, &what, now)
}

fn admit(method: &Method, caller: &Caller) -> Outcome<()> {
    let fits = match method.accepts {
        Accepts::Anybody => true,
        Accepts::Members => caller.kind != TokenKind::App,
        Accepts::People => caller.kind == TokenKind::User,
        Accepts::Apps => caller.kind == TokenKind::App,
    };
    if !fits {
        return Err(Refusal::of("not_allowed_token_type"));
    }
    if method.scopes.is_empty() {
        return Ok(());
    }
    caller.needs_one_of(method.scopes)
}

/// Whoever a token is for.
///
/// # Errors
/// `not_authed`, `invalid_auth`, `token_revoked`, `token_expired`, `account_inactive`.
pub(super) fn identify(world: &World, secret: &str) -> Outcome<Caller> {
    if secret.is_empty() {
        return Err(Refusal::of("not_authed"));
    }
    let token = world
        .tokens
        .get(secret)
        .ok_or_else(|| Refusal::of("invalid_auth"))?;
    if let Some(error) = why_dead(world, token) {
        return Err(Refusal::of(error));
    }
    Ok(Caller::of(token, world))
}

fn why_dead(world: &World, token: &Token) -> Option<&'static str> {
    if token.revoked {
        let bot = token.kind == TokenKind::Bot;
        let uninstalled = world.app.id == token.app && !is_installed(world, token);
        return Some(if bot && uninstalled {
            "account_inactive"
        } else {
            "token_revoked"
        });
    }
    let user = token.user.as_ref().and_then(|user| world.users.get(user));
    if user.is_some_and(|user| user.deactivated) {
        return Some("account_inactive");
    }
    let over = token.expires_at.is_some_and(|end| end <= world.now());
    over.then_some("token_expired")
}

fn is_installed(world: &World, token: &Token) -> bool {
    let mut installs = world.app.installs.iter();
    installs.any(|install| Some(&install.bot_user) == token.user.as_ref())
}

fn nobody() -> Caller {
    Caller {
        kind: TokenKind::App,
        app: String::new(),
        user: String::new(),
        bot: None,
        rank: crate::fake_slack::model::Rank::Member,
        team: None,
        organisation: None,
        scopes: std::collections::BTreeSet::new(),
    }
}
