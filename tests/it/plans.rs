//! Plans made in code: the laws of theory need parameters that no scenario file ships.

pub use busyhour::study::validate::center::Center;
