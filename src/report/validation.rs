//! Words a validation: each measure beside its exact value, and the verdict.

use super::figure::grouped;
use super::paint::Paint;
use crate::study::validate::Checked;
use crate::study::validate::rule::{FAR, Held, Ledger, TOO_FAR, Verdict};

/// A case with a line for each of its measures.
pub fn case(checked: &Checked, paint: Paint) -> String {
    let mut text = format!("{}\n", paint.heading(&checked.case));
    for held in &checked.measures {
        text.push_str(&line(held, paint));
    }
    text
}

/// The heading of the lines.
pub fn heading(paint: Paint) -> String {
    let line = format!(
        " {:38} {:>12} {:>12} {:>10} {:>7} {:>6}",
        "", "exact", "estimate", "\u{b1}", "\u{b1} %", "z"
    );
    paint.heading(&line) + "\n"
}

fn line(held: &Held, paint: Paint) -> String {
    let Held {
        measure,
        exact,
        half_width,
        z,
        ..
    } = held;
    let estimate = held
        .estimate
        .map_or_else(|| "-".into(), |value| digits(value, *exact));
    let share = if *exact == 0.0 {
        0.0
    } else {
        half_width / exact.abs() * 100.0
    };
    let word = match held.verdict {
        Verdict::Agrees => String::new(),
        Verdict::Imprecise => {
            let wanted = held.wanted.unwrap_or_default() * 100.0;
            format!(
                "  {}",
                paint.doubtful(&format!("IMPRECISE: {wanted} % wanted"))
            )
        }
        Verdict::Far => format!("  {}", paint.doubtful("FAR")),
        Verdict::TooFar => format!("  {}", paint.bad("TOO FAR")),
    };
    format!(
        " {measure:38} {:>12} {estimate:>12} {:>10} {share:>7.2} {z:>6.2}{word}\n",
        digits(*exact, *exact),
        digits(*half_width, *exact),
    )
}

/// A figure with as many decimals as one of this size has use for: six digits in all.
fn digits(value: f64, size: f64) -> String {
    let whole = if size == 0.0 {
        0.0
    } else {
        size.abs().log10().floor()
    };
    grouped(value, (5.0 - whole).clamp(0.0, 8.0) as usize)
}

/// The verdict in a line or two, on so many `cases` of all that were to be played: fewer where
/// somebody has stopped it.
pub fn verdict(ledger: &Ledger, cases: usize, of: usize, precise: bool, paint: Paint) -> String {
    let word = match ledger.passed {
        _ if cases < of => paint.doubtful("STOPPED"),
        true => paint.good("PASSED"),
        false => paint.bad("FAILED"),
    };
    let played = match cases < of {
        true => format!("{} of {of} cases", grouped(cases as f64, 0)),
        false => several(of, "case"),
    };
    let mut text = format!(
        "{word}  {} of {played}: {} off by more than {FAR} standard errors, {} by more than \
         {TOO_FAR}",
        several(ledger.held, "estimate"),
        ledger.far,
        ledger.too_far,
    );
    if precise {
        text.push_str(&format!(", {} less precise than wanted", ledger.imprecise));
    }
    text + "\n"
}

/// `1 case`, `1,200 cases`.
fn several(count: usize, what: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{} {what}{ending}", grouped(count as f64, 0))
}
