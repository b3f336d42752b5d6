import Formats
import Foundation
import Scoring
import Support

/// `report.json` beside `metrics.json`: what the report of a run says and `metrics.json` does not.
public struct RunRecord: Codable, Sendable, Equatable {
    /// Version of this layout.
    public static let currentSchema = 1
    public static let fileName = "report.json"

    public struct Learner: Codable, Sendable, Equatable {
        public var seed: Int
        public var details: ScoreDetails
        public init(seed: Int, details: ScoreDetails) { (self.seed, self.details) = (seed, details) }
    }

    public var schema = RunRecord.currentSchema
    public var program: String
    /// UTC.
    public var finished: String
    public var learners: [Learner]
    public var ensemble: ScoreDetails
    /// Settings that are not at their defaults.
    public var config: [ConfigDifference]
    /// The config file; nil: none was read, or an earlier version wrote this.
    public var configFile: String?
    /// Settings that are not as the config file has them.
    public var changes: [ConfigChange]?
    /// Some test documents.
    public var documents: [DocumentRecord]

    enum CodingKeys: String, CodingKey {
        case schema, program, finished, learners, ensemble, config, documents
        case configFile = "config_file"
        case changes = "config_changes"
    }

    public init(
        program: String = programVersion, finished: Date = Date(), learners: [Learner], ensemble: ScoreDetails,
        config: [ConfigDifference], configFile: String? = nil, changes: [ConfigChange]? = nil, documents: [DocumentRecord]
    ) {
        self.program = program
        self.finished = UTCTime.text(finished)
        self.learners = learners
        self.ensemble = ensemble
        (self.config, self.documents) = (config, documents)
        (self.configFile, self.changes) = (configFile, changes)
    }

    /// The JSON text: sorted keys, indented, lists of numbers on one line, figures with four decimals.
    public func json() throws -> String {
        var record = self
        record.ensemble = ensemble.rounded()
        record.learners = learners.map { Learner(seed: $0.seed, details: $0.details.rounded()) }
        return try ReportJSON.text(record)
    }
}

/// A setting that is not at its default.
public struct ConfigDifference: Codable, Sendable, Equatable {
    /// `section.key`.
    public var key: String
    public var value: JSONValue
    /// What holds where no file says the key; nil: the section has no such key by default.
    public var standard: JSONValue?

    enum CodingKeys: String, CodingKey {
        case key, value
        case standard = "default"
    }

    public init(key: String, value: JSONValue, standard: JSONValue?) {
        (self.key, self.value, self.standard) = (key, value, standard)
    }

    /// The settings of a config that differ from others', sorted.
    ///
    /// - Parameters:
    ///   - config, standard: objects of sections, each an object of keys.
    public static func between(_ config: JSONValue, and standard: JSONValue) -> [ConfigDifference] {
        let own = flat(config), other = flat(standard)
        return own.keys.sorted().compactMap { key in
            guard let value = own[key], value != other[key] else { return nil }
            return ConfigDifference(key: key, value: value, standard: other[key])
        }
    }

    /// `section.key` → value.
    static func flat(_ config: JSONValue) -> [String: JSONValue] {
        var settings: [String: JSONValue] = [:]
        for section in config.members ?? [] {
            for member in section.value.members ?? [] { settings["\(section.name).\(member.name)"] = member.value }
        }
        return settings
    }
}

/// A setting that is not as the config file has it.
public struct ConfigChange: Codable, Sendable, Equatable {
    /// `section.key`.
    public var key: String
    public var value: JSONValue
    /// What the file has, or what holds where it says nothing.
    public var file: JSONValue?

    public init(key: String, value: JSONValue, file: JSONValue?) { (self.key, self.value, self.file) = (key, value, file) }

    /// - Parameters:
    ///   - config, file: objects of sections, each an object of keys.
    public static func between(_ config: JSONValue, and file: JSONValue) -> [ConfigChange] {
        ConfigDifference.between(config, and: file).map { ConfigChange(key: $0.key, value: $0.value, file: $0.standard) }
    }
}

/// A test document with its labels and what was predicted.
public struct DocumentRecord: Codable, Sendable, Equatable {
    public struct Label: Codable, Sendable, Equatable {
        public var id: Int
        /// nil: the data set has no names.
        public var name: String?
        /// Of a prediction.
        public var score: Double?
        /// Whether a prediction is one of the document's labels, or a label was predicted.
        public var isHit: Bool

        enum CodingKeys: String, CodingKey {
            case id, name, score
            case isHit = "hit"
        }

        public init(id: Int, name: String?, score: Double? = nil, isHit: Bool) {
            (self.id, self.name, self.score, self.isHit) = (id, name, score, isHit)
        }
    }

    /// Row of the test files, from 0.
    public var document: Int
    /// nil: only features are known.
    public var text: String?
    /// At most `mostLabels`; and how many there are.
    public var labels: [Label]
    public var labelCount: Int
    /// Best first.
    public var predicted: [Label]

    enum CodingKeys: String, CodingKey {
        case document, text, labels, predicted
        case labelCount = "label_count"
    }

    public static let mostLabels = 20

    public init(document: Int, text: String?, labels: [Label], labelCount: Int, predicted: [Label]) {
        (self.document, self.text, self.labels, self.labelCount) = (document, text, labels, labelCount)
        self.predicted = predicted
    }
}

/// JSON as all reports write it.
enum ReportJSON {
    static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return MetricsReport.joinNumberLists(String(decoding: try encoder.encode(value), as: UTF8.self)) + "\n"
    }
}
