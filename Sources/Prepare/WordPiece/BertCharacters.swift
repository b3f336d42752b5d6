import Foundation

/// What Unicode says of a character, as far as the reference knows it: Hugging Face's `tokenizers` has the categories of Unicode 8
/// and the decompositions of Unicode 9 (its crates `unicode_categories` and `unicode-normalization-alignments`), so that a character
/// that came later is of no category. White space and lower case are of the newest Unicode.
///
/// Tests/oracles/wordpiece.py compares all characters there are.
enum BertCharacters {
    /// C* but not yet assigned; a tab and the line ends count as white space.
    static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        if scalar == "\t" || scalar == "\n" || scalar == "\r" { return false }
        switch category(scalar) {
        case .control, .format, .surrogate, .privateUse: return true
        default: return false
        }
    }

    /// P*, and all of ASCII that is neither letter nor digit nor control nor space.
    static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: return true
        // Became a symbol, and a mark, after Unicode 8.
        case 0x166D, 0x111C9: return true
        case ..<0x80: return false
        default: break
        }
        switch category(scalar) {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation, .finalPunctuation,
            .otherPunctuation:
            return true
        default: return false
        }
    }

    /// Mn, with those that were or were not of it in Unicode 8.
    static func isAccent(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x1734, 0x1171E: true
        case 0x1885, 0x1886, 0xA9BD, 0x111C9: false
        default: category(scalar) == .nonspacingMark
        }
    }

    /// The blocks that BERT's vocabularies have as single characters. (The reference begins the last but two at 2B920, not 2B820.)
    static func isChinese(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F, 0x2B920...0x2CEAF,
            0xF900...0xFAFF, 0x2F800...0x2FA1F:
            true
        default: false
        }
    }

    /// The canonical decomposition of one character.
    static func decomposed(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
        switch scalar.value {
        case ..<0xC0, 0x3400...0x9FFF: return [scalar]
        case 0xAC00...0xD7A3:
            let jamo = Hangul(scalar.value)
            return [jamo.first, jamo.second, jamo.third].compactMap { $0.flatMap(Unicode.Scalar.init) }
        default:
            guard isKnown(scalar, in: 9) else { return [scalar] }
            return Array(String(scalar).decomposedStringWithCanonicalMapping.unicodeScalars)
        }
    }

    /// 0 for what stays in its place when marks are sorted.
    static func combiningClass(_ scalar: Unicode.Scalar) -> UInt8 {
        scalar.value >= 0x300 && isKnown(scalar, in: 9) ? scalar.properties.canonicalCombiningClass.rawValue : 0
    }

    private static func category(_ scalar: Unicode.Scalar) -> Unicode.GeneralCategory {
        isKnown(scalar, in: 8) ? scalar.properties.generalCategory : .unassigned
    }

    private static func isKnown(_ scalar: Unicode.Scalar, in version: Int) -> Bool {
        guard let age = scalar.properties.age else { return false }
        return (age.major, age.minor) <= (version, 0)
    }
}

/// The two or three letters of a syllable, which are found by arithmetic (Unicode Standard, 3.12).
struct Hangul {
    let first, second: UInt32
    let third: UInt32?

    /// - Parameter syllable: AC00 to D7A3.
    init(_ syllable: UInt32) {
        let number = syllable - 0xAC00
        (first, second) = (0x1100 + number / 588, 0x1161 + number % 588 / 28)
        third = number % 28 == 0 ? nil : 0x11A7 + number % 28
    }
}
