//! Owns `power`: 2 to the power of x / 64, the exponential function as draws need it.
//!
//! Law: the same bits on every machine, which the C library's does not promise, to 13 digits, which
//! is more than a draw keeps in whole nanoseconds; and fast, since every lognormal draw takes one.
//!
//! By table and short series (Tang 1989): x = k + f with k whole and |f| <= 1/2, so that
//! 2^(x / 64) = 2^(k / 64) e^(f ln 2 / 64), the first factor by table and exponent, the second by
//! five terms. Whoever takes many powers keeps its logarithms in these steps.

/// 2^(i / 64) for i = 0..64, as bits.
#[rustfmt::skip]
const POWERS: [u64; 64] = [
    0x3FF0_0000_0000_0000, 0x3FF0_2C9A_3E77_8061, 0x3FF0_59B0_D315_8574, 0x3FF0_8745_1875_9BC8,
    0x3FF0_B558_6CF9_890F, 0x3FF0_E3EC_32D3_D1A2, 0x3FF1_1301_D012_5B51, 0x3FF1_429A_AEA9_2DE0,
    0x3FF1_72B8_3C7D_517B, 0x3FF1_A35B_EB6F_CB75, 0x3FF1_D487_3168_B9AA, 0x3FF2_063B_8862_8CD6,
    0x3FF2_387A_6E75_6238, 0x3FF2_6B45_65E2_7CDD, 0x3FF2_9E9D_F51F_DEE1, 0x3FF2_D285_A6E4_030B,
    0x3FF3_06FE_0A31_B715, 0x3FF3_3C08_B264_16FF, 0x3FF3_71A7_373A_A9CB, 0x3FF3_A7DB_34E5_9FF7,
    0x3FF3_DEA6_4C12_3422, 0x3FF4_160A_21F7_2E2A, 0x3FF4_4E08_6061_892D, 0x3FF4_86A2_B5C1_3CD0,
    0x3FF4_BFDA_D536_2A27, 0x3FF4_F9B2_769D_2CA7, 0x3FF5_342B_569D_4F82, 0x3FF5_6F47_36B5_27DA,
    0x3FF5_AB07_DD48_5429, 0x3FF5_E76F_15AD_2148, 0x3FF6_247E_B03A_5585, 0x3FF6_6238_8255_2225,
    0x3FF6_A09E_667F_3BCD, 0x3FF6_DFB2_3C65_1A2F, 0x3FF7_1F75_E8EC_5F74, 0x3FF7_5FEB_5642_67C9,
    0x3FF7_A114_73EB_0187, 0x3FF7_E2F3_36CF_4E62, 0x3FF8_2589_994C_CE13, 0x3FF8_68D9_9B44_92ED,
    0x3FF8_ACE5_422A_A0DB, 0x3FF8_F1AE_9915_7736, 0x3FF9_3737_B0CD_C5E5, 0x3FF9_7D82_9FDE_4E50,
    0x3FF9_C491_82A3_F090, 0x3FFA_0C66_7B5D_E565, 0x3FFA_5503_B23E_255D, 0x3FFA_9E6B_5579_FDBF,
    0x3FFA_E89F_995A_D3AD, 0x3FFB_33A2_B84F_15FB, 0x3FFB_7F76_F2FB_5E47, 0x3FFB_CC1E_904B_C1D2,
    0x3FFC_199B_DD85_529C, 0x3FFC_67F1_2E57_D14B, 0x3FFC_B720_DCEF_9069, 0x3FFD_072D_4A07_897C,
    0x3FFD_5818_DCFB_A487, 0x3FFD_A9E6_03DB_3285, 0x3FFD_FC97_337B_9B5F, 0x3FFE_502E_E78B_3FF6,
    0x3FFE_A4AF_A2A4_90DA, 0x3FFE_FA1B_EE61_5A27, 0x3FFF_5076_5B6E_4540, 0x3FFF_A7C1_819E_90D8,
];

/// Steps that the natural logarithm has for each 1: 64 / ln 2.
pub const STEPS: f64 = 92.332_482_616_893_66;
/// (ln 2 / 64)^n / n! for n = 1, 2, 3, 4.
const TERMS: [f64; 4] = [
    0.010_830_424_696_249_145,
    5.864_904_955_056_17e-5,
    2.117_313_715_546_478e-7,
    5.732_851_688_640_402e-10,
];
/// Adding and taking away 1.5 x 2^52 rounds to a whole number.
const ROUND: f64 = 6_755_399_441_055_744.0;
/// Beyond it lie zero and infinity.
const MOST: f64 = 65_000.0;

/// 2 to the power of `x` / 64, within 1e-13 of it; zero below -65,000, infinite above 65,000.
#[inline]
pub fn power(x: f64) -> f64 {
    if x.abs() > MOST {
        return if x > 0.0 { f64::INFINITY } else { 0.0 };
    }
    let shifted = x + ROUND;
    let f = x - (shifted - ROUND);
    // The low bits of the sum are the whole number in two's complement.
    let k = shifted.to_bits();
    let power = f64::from_bits(POWERS[(k & 63) as usize].wrapping_add((k >> 6) << 52));
    let square = f * f;
    let far = (TERMS[1] + TERMS[2] * f) + TERMS[3] * square;
    power + power * (TERMS[0] * f + far * square)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_exponential_to_thirteen_digits() {
        for i in -70_000..70_000 {
            let x = f64::from(i) * 0.01 + 0.003_7 * f64::from(i % 7);
            let relative = power(x * STEPS) / x.exp() - 1.0;
            // The product is rounded: 700 steps of ln 2 / 64 by half a unit in the last place.
            assert!(relative.abs() < 1e-13, "{x} {relative}");
        }
        assert_eq!(power(0.0), 1.0);
        assert_eq!(power(64.0), 2.0);
        assert_eq!(power(-640.0), 1.0 / 1_024.0);
    }

    #[test]
    fn has_ends() {
        assert_eq!(power(f64::NEG_INFINITY), 0.0);
        assert_eq!(power(70_000.0), f64::INFINITY);
        assert_eq!(power(-70_000.0), 0.0);
        assert!(power(f64::NAN).is_nan());
        assert!(power(65_000.0).is_finite() && power(-65_000.0) > 0.0);
    }
}
