import Formats

/// What changes when a setting changes.
public enum ConfigReach: Sendable {
    /// The learner itself or its scores: part of the fingerprint.
    case learner
    /// Only names, files written, or how results are counted.
    case report
    /// Propensities: how results are counted, and the learner too where they weigh its biases.
    case propensity
}

/// One key of a config section: its name in files, what it accepts, and how it is read and written.
public struct ConfigKey<Section: Sendable>: Sendable {
    public let name: String
    public let reach: ConfigReach
    /// What a value must be, for error messages: `an integer from 1 to 100000`.
    public private(set) var expected: String
    /// Earlier versions did not have it: it is written where it is not at its default, so that their fingerprints hold.
    public private(set) var isAdded = false
    public let read: @Sendable (Section) -> JSONValue
    /// Writes the value, or returns false where it is of the wrong type or out of range.
    public let write: @Sendable (inout Section, JSONValue) -> Bool

    /// The key as one that earlier versions did not have.
    func added() -> ConfigKey {
        var key = self
        key.isAdded = true
        return key
    }

    /// The key with a few words on what it means, which messages give beside what it may be.
    public func meaning(_ help: String) -> ConfigKey {
        var key = self
        key.expected += " (\(help))"
        return key
    }
}

extension ConfigKey {
    public typealias Path<Value> = WritableKeyPath<Section, Value> & Sendable

    public static func integer(
        _ name: String, _ path: Path<Int>, _ range: ClosedRange<Int>, orMinusOne meaning: String? = nil,
        reach: ConfigReach = .learner
    ) -> ConfigKey {
        ConfigKey(
            name: name, reach: reach,
            expected: "an integer from \(range.lowerBound) to \(range.upperBound)" + (meaning.map { ", or -1 (\($0))" } ?? ""),
            read: { .integer($0[keyPath: path]) },
            write: { section, value in
                guard let number = value.integer, range.contains(number) || (meaning != nil && number == -1) else { return false }
                section[keyPath: path] = number
                return true
            })
    }

    public static func optionalInteger(_ name: String, _ path: Path<Int?>, _ range: ClosedRange<Int>, reach: ConfigReach)
        -> ConfigKey
    {
        ConfigKey(
            name: name, reach: reach, expected: "an integer from \(range.lowerBound) to \(range.upperBound), or null",
            read: { $0[keyPath: path].map(JSONValue.integer) ?? .null },
            write: { section, value in
                guard value == .null || value.integer.map(range.contains) == true else { return false }
                section[keyPath: path] = value.integer
                return true
            })
    }

    /// A number in a closed range; `above` leaves the lower bound itself out.
    public static func number(
        _ name: String, _ path: Path<Double>, above: Double? = nil, from: Double = 0, to: Double, reach: ConfigReach = .learner
    ) -> ConfigKey {
        ConfigKey(
            name: name, reach: reach,
            expected: above.map { "a number above \(JSONValue.number($0).text) and up to \(JSONValue.number(to).text)" }
                ?? "a number from \(JSONValue.number(from).text) to \(JSONValue.number(to).text)",
            read: { .number($0[keyPath: path]) },
            write: { section, value in
                guard let number = value.number, above.map({ number > $0 }) ?? (number >= from), number <= to else {
                    return false
                }
                section[keyPath: path] = number
                return true
            })
    }

    /// `true` or `false`; 1 and 0 are taken for them, as in Python.
    public static func flag(_ name: String, _ path: Path<Bool>, reach: ConfigReach = .learner) -> ConfigKey {
        ConfigKey(
            name: name, reach: reach, expected: "true or false", read: { .bool($0[keyPath: path]) },
            write: { section, value in
                switch value {
                case .bool(let flag): section[keyPath: path] = flag
                case .number(0): section[keyPath: path] = false
                case .number(1): section[keyPath: path] = true
                default: return false
                }
                return true
            })
    }

    /// One of an enumeration's words; `null` stands for `whereNull` where that is given.
    public static func choice<Word: RawRepresentable<String> & CaseIterable & Sendable>(
        _ name: String, _ path: Path<Word>, whereNull: Word? = nil, reach: ConfigReach = .learner
    ) -> ConfigKey {
        let listed = Word.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
        return ConfigKey(
            name: name, reach: reach,
            expected: "one of \(listed)" + (whereNull.map { " (or null for \"\($0.rawValue)\")" } ?? ""),
            read: { .string($0[keyPath: path].rawValue) },
            write: { section, value in
                guard let word = value.string.flatMap(Word.init(rawValue:)) ?? (value == .null ? whereNull : nil) else {
                    return false
                }
                section[keyPath: path] = word
                return true
            })
    }

    /// The name of a file, or `null`.
    public static func optionalText(_ name: String, _ path: Path<String?>, of what: String) -> ConfigKey {
        ConfigKey(
            name: name, reach: .learner, expected: what + ", or null",
            read: { $0[keyPath: path].map(JSONValue.string) ?? .null },
            write: { section, value in
                guard value == .null || value.string?.isEmpty == false else { return false }
                section[keyPath: path] = value.string
                return true
            })
    }

    public static func text(_ name: String, _ path: Path<String>, of what: String, mayBeEmpty: Bool = false, reach: ConfigReach)
        -> ConfigKey
    {
        ConfigKey(
            name: name, reach: reach, expected: what, read: { .string($0[keyPath: path]) },
            write: { section, value in
                guard let text = value.string, mayBeEmpty || !text.isEmpty else { return false }
                section[keyPath: path] = text
                return true
            })
    }
}
