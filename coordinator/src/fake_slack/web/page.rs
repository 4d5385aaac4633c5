//! The page: the stand-in as people see it.
//!
//! Owns what the page asks for and does. Leaves drawing to `page/`.
//! **Invariant:** whoever reaches the page may speak for anybody: it is for one's own machine.

use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::fake_slack::deeds::{Draft, NewFile};
use crate::fake_slack::events::Answered;
use crate::fake_slack::model::FileState;
use crate::fake_slack::refusal::{Outcome, Refusal};
use crate::fake_slack::stage::Stage;

/// Bytes of a file that is attached on the page.
const LARGEST_FILE: usize = 64 << 20;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .route("/", web::get().to(index))
        .route("/page.css", web::get().to(styles))
        .route("/page.js", web::get().to(script))
        .route("/blocks.js", web::get().to(blocks_script))
        .route("/icon.png", web::get().to(icon))
        .route("/ui/state", web::get().to(state))
        .route("/ui/say", web::post().to(say))
        .route("/ui/upload", web::post().to(upload))
        .route("/ui/edit", web::post().to(edit))
        .route("/ui/delete", web::post().to(delete))
        .route("/ui/open", web::post().to(open))
        .route("/ui/click", web::post().to(click))
        .route("/ui/submit", web::post().to(submit))
        .route("/ui/close", web::post().to(close))
        .route("/ui/files/{id}", web::get().to(file));
}

async fn index() -> impl Responder {
    asset(
        "text/html; charset=utf-8",
        include_str!("../page/index.html"),
    )
}

async fn styles() -> impl Responder {
    asset("text/css; charset=utf-8", include_str!("../page/page.css"))
}

async fn script() -> impl Responder {
    asset(
        "text/javascript; charset=utf-8",
        include_str!("../page/page.js"),
    )
}

async fn blocks_script() -> impl Responder {
    asset(
        "text/javascript; charset=utf-8",
        include_str!("../page/blocks.js"),
    )
}

async fn icon() -> impl Responder {
    asset("image/svg+xml", include_str!("../page/icon.svg"))
}

/// The page loads nothing from elsewhere, and nobody else may show it.
fn asset(content_type: &'static str, content: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(content_type)
        .insert_header(("Cache-Control", "no-store"))
        .insert_header((
            "Content-Security-Policy",
            "default-src 'self'; img-src 'self' https:; frame-ancestors 'none'",
        ))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .body(content)
}

#[derive(Deserialize)]
struct Since {
    since: Option<u64>,
    user: Option<String>,
}

async fn state(query: web::Query<Since>, stage: web::Data<Stage>) -> HttpResponse {
    let body = stage.look(|world| {
        if query.since == Some(world.version) {
            return json!({ "version": world.version, "unchanged": true });
        }
        world.page_state(query.user.as_deref().unwrap_or_default())
    });
    HttpResponse::Ok()
        .insert_header(("Cache-Control", "no-store"))
        .json(body)
}

#[derive(Deserialize)]
struct Saying {
    user: String,
    channel: String,
    text: String,
    thread_ts: Option<String>,
    #[serde(default)]
    broadcast: bool,
}

async fn say(saying: web::Json<Saying>, stage: web::Data<Stage>) -> HttpResponse {
    let Saying {
        user,
        channel,
        text,
        thread_ts,
        broadcast,
    } = saying.into_inner();
    if text.starts_with('/') {
        let (command, rest) = text.split_once(char::is_whitespace).unwrap_or((&text, ""));
        return answered(stage.slash(&user, &channel, (command, rest.trim())).await);
    }
    let mut draft = Draft::typed(&user, &channel, &text);
    if let Some(root) = thread_ts {
        draft = draft.in_thread(&root);
        if broadcast {
            draft = draft.of_subtype("thread_broadcast");
        }
    }
    done(stage.change(|world| world.speak(draft)))
}

#[derive(Deserialize)]
struct Uploading {
    user: String,
    channel: String,
    name: String,
    text: String,
    thread_ts: Option<String>,
}

async fn upload(
    query: web::Query<Uploading>,
    bytes: Bytes,
    stage: web::Data<Stage>,
) -> HttpResponse {
    if bytes.len() > LARGEST_FILE {
        return done::<()>(Err(Refusal::of("file_too_large")));
    }
    let Uploading {
        user,
        channel,
        name,
        text,
        thread_ts,
    } = query.into_inner();
    done(stage.change(|world| {
        let file = world.fresh_file(NewFile {
            user: &user,
            name: &name,
            bytes,
        });
        let id = world.keep(file);
        let draft = Draft::typed(&user, &channel, &text).with_file(&id);
        let draft = draft.of_subtype("file_share");
        world.speak(Draft { thread_ts, ..draft })
    }))
}

#[derive(Deserialize)]
struct Editing {
    channel: String,
    ts: String,
    text: String,
}

async fn edit(editing: web::Json<Editing>, stage: web::Data<Stage>) -> HttpResponse {
    done(stage.change(|world| world.retype(&editing.channel, &editing.ts, &editing.text)))
}

#[derive(Deserialize)]
struct Deleting {
    channel: String,
    ts: String,
}

async fn delete(deleting: web::Json<Deleting>, stage: web::Data<Stage>) -> HttpResponse {
    done(stage.change(|world| world.take_away(&deleting.channel, &deleting.ts)))
}

#[derive(Deserialize)]
struct Opening {
    user: String,
    other: String,
}

async fn open(opening: web::Json<Opening>, stage: web::Data<Stage>) -> HttpResponse {
    let Opening { user, other } = opening.into_inner();
    done(stage.change(|world| {
        let known = world.users.get(&user);
        let team = known
            .ok_or_else(|| Refusal::of("user_not_found"))?
            .team
            .clone();
        Ok(world.open_direct(&team, [user, other].into()).0)
    }))
}

#[derive(Deserialize)]
struct Clicking {
    user: String,
    channel: String,
    ts: String,
    action_id: String,
    state: Option<Value>,
}

async fn click(clicking: web::Json<Clicking>, stage: web::Data<Stage>) -> HttpResponse {
    let Clicking {
        user,
        channel,
        ts,
        action_id,
        state,
    } = clicking.into_inner();
    answered(stage.click(&user, (&channel, &ts), &action_id, state).await)
}

#[derive(Deserialize)]
struct Submitting {
    view: String,
    #[serde(default)]
    state: Value,
}

async fn submit(submitting: web::Json<Submitting>, stage: web::Data<Stage>) -> HttpResponse {
    answered(stage.submit(&submitting.view, &submitting.state).await)
}

async fn close(submitting: web::Json<Submitting>, stage: web::Data<Stage>) -> HttpResponse {
    stage.close(&submitting.view);
    done(Ok(()))
}

async fn file(id: web::Path<String>, stage: web::Data<Stage>) -> HttpResponse {
    let found = stage.look(|world| {
        let file = world
            .files
            .get(id.as_str())
            .filter(|file| file.state == FileState::Whole);
        file.map(|file| file.bytes.clone())
    });
    match found {
        // Never shown in the page's own origin: it may be anything.
        Some(bytes) => HttpResponse::Ok()
            .content_type("application/octet-stream")
            .insert_header(("Content-Disposition", "attachment"))
            .body(bytes),
        None => HttpResponse::NotFound().finish(),
    }
}

fn done<T: serde::Serialize>(outcome: Outcome<T>) -> HttpResponse {
    match outcome {
        Ok(result) => HttpResponse::Ok().json(json!({ "ok": true, "result": result })),
        Err(refusal) => HttpResponse::Ok().json(refusal.into_body()),
    }
}

fn answered(outcome: Outcome<Answered>) -> HttpResponse {
    done(outcome.and_then(|answered| match answered.status {
        Some(status) if (200..300).contains(&status) => Ok(answered.body),
        Some(status) => Err(Refusal::of(&format!("The app answered {status}."))),
        None => Err(Refusal::of("The app did not answer.")),
    }))
}
