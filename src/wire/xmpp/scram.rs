//! Owns `Scram`: a login that proves a password without saying it (RFC 5802, RFC 7677).
//!
//! Law: the server proves that it knows the password, too, or the login failed. What the server
//! asks of us in work is bounded.

use std::num::NonZeroU32;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::{digest, hmac, pbkdf2};

use super::settings::Account;
use crate::error::{Error, Result};
use crate::secret::Secret;

/// The most rounds that a server may ask for: some 50 ms of work. Servers ask for 4,096 to 10,000.
const ROUNDS_MOST: u32 = 100_000;

/// The bytes of a nonce.
const NONCE: usize = 18;

/// We know no channel binding.
const HEADER: &str = "n,,";

/// Which hash a login works with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    /// SHA-1, which is sound enough in here.
    Sha1,
    /// SHA-256.
    Sha256,
}

impl Hash {
    fn hmac(self) -> hmac::Algorithm {
        match self {
            Hash::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Hash::Sha256 => hmac::HMAC_SHA256,
        }
    }

    fn digest(self) -> &'static digest::Algorithm {
        self.hmac().digest_algorithm()
    }

    fn rounds(self) -> pbkdf2::Algorithm {
        match self {
            Hash::Sha1 => pbkdf2::PBKDF2_HMAC_SHA1,
            Hash::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
        }
    }
}

/// One login, as it goes on.
#[derive(Debug)]
pub(super) struct Scram {
    hash: Hash,
    /// What we said first, without the header.
    first: String,
    nonce: String,
    password: Secret,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// The server's salt is awaited.
    Salt,
    /// The server's proof is awaited: what it has to have signed, and with what.
    Proof(hmac::Key, String),
    /// The server has proved itself.
    Proved,
}

/// What the server says first.
struct Salt<'a> {
    nonce: &'a str,
    salt: Vec<u8>,
    rounds: NonZeroU32,
}

impl Scram {
    /// A login with a nonce that nobody can guess.
    ///
    /// # Errors
    /// This machine has no randomness.
    pub(super) fn new(hash: Hash, account: Account) -> Result<Scram> {
        let mut nonce = [0; NONCE];
        let filled = SystemRandom::new().fill(&mut nonce);
        filled.map_err(|_| Error::failed("this machine gives no random numbers"))?;
        Ok(Scram::with_nonce(
            hash,
            account,
            BASE64_STANDARD.encode(nonce),
        ))
    }

    /// A login with that nonce.
    pub(super) fn with_nonce(hash: Hash, account: Account, nonce: String) -> Scram {
        let user = account.user.replace('=', "=3D").replace(',', "=2C");
        Scram {
            hash,
            first: format!("n={user},r={nonce}"),
            nonce,
            password: account.password,
            stage: Stage::Salt,
        }
    }

    /// What we say first.
    pub(super) fn first(&self) -> String {
        format!("{HEADER}{}", self.first)
    }

    /// What we say to what the server says.
    pub(super) fn answer(&mut self, said: &str) -> Result<String> {
        match &self.stage {
            Stage::Salt => self.last(said),
            Stage::Proof(..) => self.verify(said).map(|()| String::new()),
            Stage::Proved => Err(unfit("it goes on after its proof")),
        }
    }

    /// Our proof, for the server's salt.
    fn last(&mut self, said: &str) -> Result<String> {
        let Salt {
            nonce,
            salt,
            rounds,
        } = Salt::read(said)?;
        if !nonce.starts_with(&self.nonce) {
            return Err(unfit("its nonce does not begin with ours"));
        }
        let sign =
            |key: &[u8], text: &[u8]| hmac::sign(&hmac::Key::new(self.hash.hmac(), key), text);
        let mut salted = vec![0; self.hash.digest().output_len()];
        let password = self.password.reveal().as_bytes();
        pbkdf2::derive(self.hash.rounds(), rounds, &salt, password, &mut salted);
        let key = sign(&salted, b"Client Key");
        let stored = digest::digest(self.hash.digest(), key.as_ref());
        let unproved = format!("c={},r={nonce}", BASE64_STANDARD.encode(HEADER));
        let signed = format!("{},{said},{unproved}", self.first);
        let signature = sign(stored.as_ref(), signed.as_bytes());
        let pairs = key.as_ref().iter().zip(signature.as_ref());
        let proof: Vec<u8> = pairs.map(|(key, sign)| key ^ sign).collect();
        let server = sign(&salted, b"Server Key");
        let server = hmac::Key::new(self.hash.hmac(), server.as_ref());
        self.stage = Stage::Proof(server, signed);
        Ok(format!("{unproved},p={}", BASE64_STANDARD.encode(proof)))
    }

    /// Takes the server's proof.
    ///
    /// # Errors
    /// It is none.
    pub(super) fn verify(&mut self, said: &str) -> Result<()> {
        let Stage::Proof(key, signed) = &self.stage else {
            return Err(unfit("its proof came out of turn"));
        };
        let proof = said
            .split(',')
            .next()
            .and_then(|part| part.strip_prefix("v="));
        let proof = proof.and_then(|proof| BASE64_STANDARD.decode(proof).ok());
        let is_proved = proof.is_some_and(|p| hmac::verify(key, signed.as_bytes(), &p).is_ok());
        if !is_proved {
            return Err(unfit("it does not prove that it knows the password"));
        }
        self.stage = Stage::Proved;
        Ok(())
    }

    /// Whether the server has proved itself.
    pub(super) fn is_proved(&self) -> bool {
        matches!(self.stage, Stage::Proved)
    }
}

impl Salt<'_> {
    fn read(said: &str) -> Result<Salt<'_>> {
        let mut parts = said.split(',');
        let mut part = |name| parts.next().and_then(|part| part.strip_prefix(name));
        let (nonce, salt, rounds) = (part("r="), part("s="), part("i="));
        let (Some(nonce), Some(salt), Some(rounds)) = (nonce, salt, rounds) else {
            return Err(unfit("its challenge cannot be read"));
        };
        let salt = BASE64_STANDARD.decode(salt).unwrap_or_default();
        if salt.is_empty() {
            return Err(unfit("its challenge has no salt"));
        }
        let rounds: Option<NonZeroU32> = rounds.parse().ok();
        let Some(rounds) = rounds.filter(|rounds| rounds.get() <= ROUNDS_MOST) else {
            return Err(unfit("it asks for no or too many rounds"));
        };
        Ok(Salt {
            nonce,
            salt,
            rounds,
        })
    }
}

fn unfit(why: &str) -> Error {
    let error = Error::failed(format!(
        "the server's part of the login is not right: {why}"
    ));
    error
        .with_remedy("is it the right server, and in front of it nobody else?")
        .for_good()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As in RFC 5802.
    const SHA1: [&str; 5] = [
        "fyko+d2lbbFgONRv9qkxdawL",
        "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
        "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
        "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
        "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
    ];

    /// As in RFC 7677.
    const SHA256: [&str; 5] = [
        "rOprNGfwEbeRWgbNEkqO",
        "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
         s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
         p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
        "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    ];

    fn scram(hash: Hash, user: &str, nonce: &str) -> Scram {
        let account = Account {
            user: user.to_owned(),
            password: Secret::new("pencil"),
        };
        Scram::with_nonce(hash, account, nonce.to_owned())
    }

    #[test]
    fn it_goes_as_published() {
        let published = [(Hash::Sha1, SHA1), (Hash::Sha256, SHA256)];
        for (hash, [nonce, first, salt, last, proof]) in published {
            let mut scram = scram(hash, "user", nonce);
            assert_eq!(scram.first(), first);
            assert_eq!(scram.answer(salt).unwrap(), last);
            assert!(!scram.is_proved());
            assert_eq!(scram.answer(proof).unwrap(), "");
            assert!(scram.is_proved());
            assert!(scram.answer(proof).unwrap_err().is_for_good());
        }
    }

    #[test]
    fn a_server_that_knows_no_password_is_found_out() {
        let others = [
            SHA256[4],
            "v=",
            "v=rmF9pqV8S7suAoZWja4dJRkFsKR=",
            "e=other-error",
            "",
            "v",
        ];
        for proof in others {
            let mut scram = scram(Hash::Sha1, "user", SHA1[0]);
            assert!(scram.verify(proof).is_err(), "out of turn");
            scram.answer(SHA1[2]).unwrap();
            assert!(scram.verify(proof).is_err(), "{proof}");
            assert!(!scram.is_proved());
        }
    }

    #[test]
    fn a_challenge_that_is_not_right_is_refused() {
        for salt in [
            "",
            "r=fyko,s=QSXCR+Q6sek8bf92,i=4096",
            "r=nonce1,s=,i=4096",
            "r=nonce1,s=?,i=4096",
            "r=nonce1,s=QSXC,i=0",
            "r=nonce1,s=QSXC,i=-1",
            "r=nonce1,s=QSXC,i=100001",
            "r=nonce1,s=QSXC,i=99999999999",
            "m=ext,r=nonce1,s=QSXC,i=4096",
            "s=QSXC,r=nonce1,i=4096",
        ] {
            let error = scram(Hash::Sha1, "user", "nonce").answer(salt).unwrap_err();
            assert!(error.is_for_good(), "{salt}");
        }
        let few = scram(Hash::Sha1, "user", "nonce").answer("r=nonce1,s=QSXC,i=1,x=y");
        assert!(few.is_ok(), "few rounds are the server's own fault");
    }

    #[test]
    fn signs_that_part_are_escaped() {
        assert_eq!(
            scram(Hash::Sha1, "a=b,c", "x").first(),
            "n,,n=a=3Db=2Cc,r=x"
        );
        let account = Account {
            user: "a".to_owned(),
            password: Secret::new("canary-4711"),
        };
        let once = Scram::new(Hash::Sha256, account.clone()).unwrap();
        let twice = Scram::new(Hash::Sha256, account).unwrap();
        assert_ne!(once.nonce, twice.nonce);
        assert!(!format!("{once:?}").contains("canary"));
    }

    proptest! {
        #[test]
        fn any_challenge_is_answered_or_refused(
            text in "r=nonce[a-z,]{0,3},s=[A-Za-z=]{0,8},i=[0-9+-]{0,3}",
            other in any::<String>(),
        ) {
            let mut scram = scram(Hash::Sha256, "user", "nonce");
            let _ = (scram.answer(&other), scram.answer(&text), scram.answer(&other));
        }
    }
}
