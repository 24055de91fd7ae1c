use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

use super::*;

impl Transport for DuplexStream {
    fn reset_on_close(&self) {}
}

const SETTINGS: &[u8] = &[0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 0, 255, 255];
const ACK: &[u8] = &[0, 0, 0, 4, 1, 0, 0, 0, 0];
const PING: &[u8] = &[0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
const DATA: &[u8] = &[0, 0, 2, 0, 1, 0, 0, 0, 1, b'{', b'}'];
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

#[tokio::test]
async fn the_first_settings_frame_gets_the_limit_and_ours_follow_between_frames() {
    let (near, mut far) = duplex(1024);
    let control = Control::default();
    let mut wire = Wire::new(near, Some(1), control.clone());
    wire.write_all(SETTINGS).await.expect("writes");
    wire.flush().await.expect("flushes");
    let mut got = [0; 21];
    far.read_exact(&mut got).await.expect("reads");
    let mut wanted = SETTINGS.to_vec();
    wanted[2] = 12;
    wanted.extend([0, 3, 0, 0, 0, 1]);
    assert_eq!(got.as_slice(), wanted);

    // Half a frame is out when ours is asked for: it has to wait for the other half.
    wire.write_all(&DATA[..4]).await.expect("writes");
    control.inject(&stream_limit(500));
    wire.flush().await.expect("flushes");
    wire.write_all(&DATA[4..]).await.expect("writes");
    wire.flush().await.expect("flushes");
    let mut got = [0; 26];
    far.read_exact(&mut got).await.expect("reads");
    assert_eq!(&got[..11], DATA);
    assert_eq!(&got[11..], [0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 1, 244]);
}

#[tokio::test]
async fn acknowledgements_of_our_own_settings_and_unheard_pings_are_left_out_byte_by_byte() {
    let (near, mut far) = duplex(1024);
    let control = Control::default();
    control.ignore_pings();
    let mut wire = Wire::new(near, None, control.clone());
    let sent = [PREFACE, SETTINGS, ACK, PING, ACK, DATA, ACK].concat();
    for byte in &sent {
        far.write_all(&[*byte]).await.expect("writes");
    }
    drop(far);
    let mut got = Vec::new();
    wire.read_to_end(&mut got).await.expect("reads");
    assert_eq!(got, [PREFACE, SETTINGS, ACK, DATA].concat());
    assert_eq!(control.acknowledged(), 2);
}

#[tokio::test]
async fn corked_writes_go_out_together() {
    let (near, mut far) = duplex(1024);
    let control = Control::default();
    let mut wire = Wire::new(near, None, control.clone());
    control.cork();
    for _ in 0..3 {
        wire.write_all(DATA).await.expect("writes");
        wire.flush().await.expect("flushes");
    }
    control.uncork();
    wire.flush().await.expect("flushes");
    let mut got = [0; 100];
    let read = far.read(&mut got).await.expect("reads");
    assert_eq!(&got[..read], DATA.repeat(3));
}

#[tokio::test]
async fn a_finished_wire_sends_everything_and_then_waits_for_the_client_to_close() {
    let (near, mut far) = duplex(1024);
    let control = Control::default();
    let mut wire = Wire::new(near, None, control.clone());
    control.cork();
    wire.write_all(DATA).await.expect("writes");
    control.inject(&go_away(
        7,
        h2::Reason::NO_ERROR,
        b"{\"reason\":\"Shutdown\"}",
    ));
    control.finish();
    wire.flush().await.expect("flushes");
    far.write_all(PREFACE).await.expect("writes");
    let mut got = Vec::new();
    far.read_to_end(&mut got).await.expect("reads");
    assert_eq!(&got[..11], DATA);
    assert_eq!(
        &got[11..28],
        [0, 0, 29, 7, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0]
    );
    assert_eq!(&got[28..], b"{\"reason\":\"Shutdown\"}");
    drop(far);
    let mut read = Vec::new();
    wire.read_to_end(&mut read).await.expect("reads");
    assert!(read.is_empty(), "what comes after the end is of no account");
}
