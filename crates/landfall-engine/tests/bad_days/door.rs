//! A door in front of a provider that can be shut: what a provider that is down looks like from outside.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinHandle};

/// Lets connections through to a provider. Dropping it shuts it for good.
pub(crate) struct Door {
    address: SocketAddr,
    passages: Arc<Mutex<Passages>>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Passages {
    shut: bool,
    open: Vec<AbortHandle>,
}

impl Door {
    /// In front of this address, open.
    pub(crate) async fn before(provider: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let passages: Arc<Mutex<Passages>> = Arc::default();
        let task = tokio::spawn(stand(listener, provider, Arc::clone(&passages)));
        Self {
            address,
            passages,
            task,
        }
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts every connection, and lets none through until it is opened.
    pub(crate) fn shut(&self) {
        let mut passages = lock(&self.passages);
        passages.shut = true;
        for passage in passages.open.drain(..) {
            passage.abort();
        }
    }

    pub(crate) fn open(&self) {
        lock(&self.passages).shut = false;
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.shut();
        self.task.abort();
    }
}

async fn stand(listener: TcpListener, provider: SocketAddr, passages: Arc<Mutex<Passages>>) {
    while let Ok((outside, _)) = listener.accept().await {
        let mut passages = lock(&passages);
        // Who comes to a shut door is turned away: the socket is closed.
        if !passages.shut {
            let passage = tokio::spawn(pass(outside, provider));
            passages.open.push(passage.abort_handle());
        }
    }
}

async fn pass(mut outside: TcpStream, provider: SocketAddr) {
    let _ = outside.set_nodelay(true);
    let Ok(mut inside) = TcpStream::connect(provider).await else {
        return;
    };
    let _ = inside.set_nodelay(true);
    // Either side may end it, and neither minds how.
    let _ = tokio::io::copy_bidirectional(&mut outside, &mut inside).await;
}

fn lock(passages: &Mutex<Passages>) -> std::sync::MutexGuard<'_, Passages> {
    passages.lock().unwrap_or_else(PoisonError::into_inner)
}
