//! What is signed about the trail, and whether a signature holds.
//!
//! **Invariant:** the two statements begin with different names, so that a checkpoint's signature is never
//! taken for the claim that entries were dropped.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use shared::clock::whole_microseconds;
use shared::ids::AuditEventId;
use shared::seal::{Signature, SignatureVerifier, Signer};

use crate::domain::chain::ChainHash;
use crate::store::audit::{Checkpoint, Head, NewAuditEvent};

/// The type of the entry that says which beginning of the trail was dropped.
pub(super) const PRUNED: &str = "audit.pruned";

const CHECKPOINT: &[u8] = b"weir/v1/audit-checkpoint\n";
const DROPPED: &[u8] = b"weir/v1/audit-pruned\n";

/// A signed checkpoint of where the trail ends.
pub fn checkpoint_of(head: &Head, signer: &Signer, at: DateTime<Utc>) -> Checkpoint {
    let at = whole_microseconds(at);
    let signature = signer.sign(&statement(head.seq, &head.hash, at));
    Checkpoint {
        seq: head.seq,
        hash: head.hash,
        at,
        key_id: signature.key_id,
        signature: signature.bytes,
    }
}

/// Whether one of the keys signed this checkpoint.
pub fn is_genuine(checkpoint: &Checkpoint, keys: &SignatureVerifier) -> bool {
    let statement = statement(checkpoint.seq, &checkpoint.hash, checkpoint.at);
    let signature = Signature {
        key_id: checkpoint.key_id.clone(),
        bytes: checkpoint.signature.clone(),
    };
    keys.holds(&statement, &signature)
}

/// The entry that says that everything up to a checkpoint was dropped when its time was over.
pub(super) fn pruned_entry(last: &Checkpoint, signer: &Signer) -> NewAuditEvent {
    let signature = signer.sign(&dropped(last.seq, &last.hash));
    let data = json!({
        "up_to": last.seq, "hash": last.hash.to_string(),
        "key_id": signature.key_id, "signature": hex::encode(signature.bytes),
    });
    NewAuditEvent {
        id: AuditEventId::fresh(),
        event_type: PRUNED.to_owned(),
        user_id: None,
        subject: None,
        recorded_by: None,
        variant_data: data,
    }
}

/// Up to where such an entry says that the trail was dropped, if it is genuine.
pub(super) fn pruned_up_to(variant_data: &str, keys: &SignatureVerifier) -> Option<u64> {
    let data: Value = serde_json::from_str(variant_data).ok()?;
    let text = |key: &str| data.get(key).and_then(Value::as_str);
    let up_to = data.get("up_to")?.as_u64()?;
    let hash = ChainHash::from_slice(&hex::decode(text("hash")?).ok()?)?;
    let signature = Signature {
        key_id: text("key_id")?.to_owned(),
        bytes: hex::decode(text("signature")?).ok()?,
    };
    keys.holds(&dropped(up_to, &hash), &signature)
        .then_some(up_to)
}

fn statement(seq: u64, hash: &ChainHash, at: DateTime<Utc>) -> Vec<u8> {
    let at = at.timestamp_micros().to_be_bytes();
    [CHECKPOINT, &seq.to_be_bytes(), &hash.0, &at].concat()
}

fn dropped(up_to: u64, hash: &ChainHash) -> Vec<u8> {
    [DROPPED, &up_to.to_be_bytes(), &hash.0].concat()
}

#[cfg(test)]
mod tests {
    use shared::seal::KeyRing;

    use super::*;

    fn head() -> Head {
        Head {
            seq: 7,
            hash: ChainHash([9; 32]),
            at: DateTime::UNIX_EPOCH,
            pruned: 0,
        }
    }

    fn signer() -> Signer {
        Signer::new(&KeyRing::generate().unwrap()).unwrap()
    }

    #[test]
    fn a_checkpoint_is_genuine_until_anything_of_it_is_changed() {
        let signer = signer();
        let checkpoint = checkpoint_of(&head(), &signer, DateTime::UNIX_EPOCH);
        assert!(is_genuine(&checkpoint, signer.verifier()));
        for altered in [
            Checkpoint {
                seq: 8,
                ..checkpoint.clone()
            },
            Checkpoint {
                hash: ChainHash([8; 32]),
                ..checkpoint.clone()
            },
            Checkpoint {
                at: DateTime::UNIX_EPOCH + chrono::TimeDelta::microseconds(1),
                ..checkpoint.clone()
            },
            Checkpoint {
                key_id: "k2".to_owned(),
                ..checkpoint.clone()
            },
        ] {
            assert!(!is_genuine(&altered, signer.verifier()), "{altered:?}");
        }
        assert!(!is_genuine(&checkpoint, self::signer().verifier()));
    }

    #[test]
    fn a_checkpoints_signature_does_not_say_that_entries_were_dropped() {
        let signer = signer();
        let checkpoint = checkpoint_of(&head(), &signer, DateTime::UNIX_EPOCH);
        let genuine = pruned_entry(&checkpoint, &signer).variant_data;
        assert_eq!(
            pruned_up_to(&genuine.to_string(), signer.verifier()),
            Some(7)
        );
        let mut forged = genuine;
        forged["signature"] = hex::encode(&checkpoint.signature).into();
        assert_eq!(pruned_up_to(&forged.to_string(), signer.verifier()), None);
        assert_eq!(pruned_up_to("{}", signer.verifier()), None);
    }
}
