//! A TCP proxy that can be cut: how a server looks when the network or the machine is gone.
//!
//! **Invariant:** after a cut no byte passes on connections made before it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Passes connections on to a server, or refuses them.
pub(crate) struct Proxy {
    address: SocketAddr,
    open: Arc<AtomicBool>,
    cut: watch::Sender<u64>,
}

impl Proxy {
    /// A proxy in front of `upstream`, open.
    pub(crate) async fn start(upstream: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let open = Arc::new(AtomicBool::new(true));
        let (cut, cuts) = watch::channel(0);
        tokio::spawn(accept(listener, upstream, Arc::clone(&open), cuts));
        Self { address, open, cut }
    }

    /// Where to connect.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Breaks every connection and accepts no more.
    pub(crate) fn close(&self) {
        self.open.store(false, Ordering::SeqCst);
        self.cut.send_modify(|cuts| *cuts += 1);
    }

    /// Accepts connections again.
    pub(crate) fn open(&self) {
        self.open.store(true, Ordering::SeqCst);
    }
}

async fn accept(
    listener: TcpListener,
    upstream: String,
    open: Arc<AtomicBool>,
    cuts: watch::Receiver<u64>,
) {
    while let Ok((stream, _)) = listener.accept().await {
        if open.load(Ordering::SeqCst) {
            tokio::spawn(pass(stream, upstream.clone(), cuts.clone()));
        }
    }
}

async fn pass(mut near: TcpStream, upstream: String, mut cuts: watch::Receiver<u64>) {
    cuts.mark_unchanged();
    let Ok(mut far) = TcpStream::connect(upstream).await else {
        return;
    };
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
        _ = cuts.changed() => {}
    }
}
