//! Starting and ending the stand-in.
//!
//! **Invariant:** nothing of it outlives its [`FakeSlack`].

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, mpsc as std_mpsc};
use std::thread::JoinHandle;

use actix_web::dev::Server;
use actix_web::{App as WebApp, HttpServer, web as actix_web_data};
use shared::clock::{SharedClock, SystemClock};
use tokio::sync::{mpsc, oneshot};

use super::events::{Courier, Delivering};
use super::faults::{FaultBook, Faults};
use super::limits::Limits;
use super::model::{App, World};
use super::stage::Stage;
use super::web::{Consent, Manners, routes};

/// How to start.
#[derive(Clone)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub bind: SocketAddr,
    /// What time it is.
    pub clock: SharedClock,
    /// How events are delivered.
    pub delivering: Delivering,
    /// Which rate limits hold.
    pub limits: Limits,
    /// What goes wrong by the dice.
    pub faults: Faults,
    /// Whether the consent page waits for somebody.
    pub consent: Consent,
    /// Of ids that nobody is to guess.
    pub seed: u64,
    /// Threads that answer.
    pub workers: usize,
}

/// Why it does not start. Permanent.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("the stand-in for slack cannot listen")]
    Bind(#[from] io::Error),
    /// No HTTP client can be made.
    #[error("the stand-in for slack cannot call anybody")]
    Client(#[from] reqwest::Error),
    /// Its thread ended before it began.
    #[error("the stand-in for slack ended early")]
    Ended,
}

/// A running stand-in; ends when it is dropped.
pub struct FakeSlack {
    pub(super) stage: Arc<Stage>,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl StartError {
    /// Permanent: something has to change first.
    pub const fn class(&self) -> shared::job::RetryClass {
        shared::job::RetryClass::Permanent
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from(([127, 0, 0, 1], 0)),
            clock: Arc::new(SystemClock),
            delivering: Delivering::default(),
            limits: Limits::default(),
            faults: Faults::default(),
            consent: Consent::default(),
            seed: 1,
            workers: 1,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("bind", &self.bind)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for FakeSlack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeSlack")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl FakeSlack {
    /// Starts one, in threads of its own. It answers when this returns.
    ///
    /// # Errors
    /// [`StartError`] (permanent).
    pub fn start(options: Options) -> Result<Self, StartError> {
        let listener = TcpListener::bind(options.bind)?;
        let address = listener.local_addr()?;
        let origin = format!("http://{address}");
        let app = App::new(super::seed::APP, super::seed::APP_NAME);
        let world = World::new(app, &origin, Arc::clone(&options.clock), options.seed);
        let (errands, waiting) = mpsc::unbounded_channel();
        let stage = Arc::new(Stage::new(
            world,
            FaultBook::new(options.faults.clone()),
            errands,
        ));
        let courier = Courier::new(Arc::clone(&stage), options.delivering.clone())?;
        let (stop, stopped) = oneshot::channel();
        let (ready, started) = std_mpsc::channel();
        let shared = Arc::clone(&stage);
        let thread = std::thread::Builder::new()
            .name("fake-slack".to_owned())
            .spawn(move || {
                actix_web::rt::System::new().block_on(async move {
                    let server = serve(listener, shared, &options);
                    // Whoever started it waits for just this.
                    ready
                        .send(server.as_ref().map(|_| ()).map_err(io::Error::kind))
                        .ok();
                    let Ok(server) = server else {
                        return;
                    };
                    let handle = server.handle();
                    drop(actix_web::rt::spawn(courier.run(waiting)));
                    drop(actix_web::rt::spawn(server));
                    // An error says that the handle was dropped, which is what is waited for.
                    drop(stopped.await);
                    handle.stop(false).await;
                });
            })?;
        started
            .recv()
            .or(Err(StartError::Ended))?
            .map_err(io::Error::from)?;
        Ok(Self {
            stage,
            address,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the page is: `http://127.0.0.1:8090`.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where the Web API is: what `WEIR_SLACK__API_BASE_URL` is to be.
    pub fn base_url(&self) -> String {
        format!("http://{}/api/", self.address)
    }
}

impl Drop for FakeSlack {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // A thread that is gone needs no telling.
            stop.send(()).ok();
        }
        if let Some(thread) = self.thread.take() {
            // What it panicked with was said when it did.
            drop(thread.join());
        }
    }
}

fn serve(listener: TcpListener, stage: Arc<Stage>, options: &Options) -> io::Result<Server> {
    let stage = actix_web_data::Data::from(stage);
    let manners = Manners {
        limits: options.limits,
        consent: options.consent,
    };
    let manners = actix_web_data::Data::new(manners);
    let server = HttpServer::new(move || {
        WebApp::new()
            .app_data(stage.clone())
            .app_data(manners.clone())
            .configure(routes)
    });
    let server = server
        .workers(options.workers)
        .disable_signals()
        .shutdown_timeout(0);
    Ok(server.listen(listener)?.run())
}
