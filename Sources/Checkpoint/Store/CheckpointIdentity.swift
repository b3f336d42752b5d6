import Support

/// What a checkpoint belongs to: training may go on only with the same config, data and seed.
public struct CheckpointIdentity: Sendable, Codable, Equatable {
    public var configFingerprint: String
    public var dataFingerprint: String
    public var seed: Int
    /// Another version of the program may go on; it is told of.
    public var programVersion: String
    /// Config key → value, so that a difference can be named.
    public var config: [String: String]
    /// Property of the data set (name, documents, labels, …) → value, likewise.
    public var data: [String: String]

    public init(
        configFingerprint: String, dataFingerprint: String, seed: Int, programVersion: String, config: [String: String] = [:],
        data: [String: String] = [:]
    ) {
        self.configFingerprint = configFingerprint
        self.dataFingerprint = dataFingerprint
        self.seed = seed
        self.programVersion = programVersion
        self.config = config
        self.data = data
    }

    /// - Throws: `Failure(.usage)` that names what differs between `stored`, found at `place`, and this run.
    func check(_ stored: CheckpointIdentity, at place: String) throws {
        var differences = [Difference]()
        if stored.configFingerprint != configFingerprint {
            differences += Difference.between(
                stored.config, config, orElse: "config", stored.configFingerprint, configFingerprint)
        }
        if stored.dataFingerprint != dataFingerprint {
            differences += Difference.between(stored.data, data, orElse: "data", stored.dataFingerprint, dataFingerprint)
        }
        if stored.seed != seed { differences.append(Difference("seed", "\(stored.seed)", "\(seed)")) }
        if differences.isEmpty { return }
        let shown = differences.prefix(8)
        let more = differences.count > shown.count ? ", … and \(differences.count - shown.count) more" : ""
        func list(_ text: (Difference) -> String) -> String { shown.map(text).joined(separator: ", ") + more }
        throw Failure(
            .usage, "there is a checkpoint of another run, which differs in \(list(\.key))", at: place,
            found: list { "\($0.key) = \($0.stored) in the checkpoint" },
            expected: list { "\($0.key) = \($0.current) as in this run" },
            advice:
                "set it back to go on, or start over with --fresh (deletes the checkpoint), or keep both with another --version")
    }
}

/// One key whose value is not the same in a checkpoint and in this run.
private struct Difference {
    var key: String, stored: String, current: String

    init(_ key: String, _ stored: String, _ current: String) {
        (self.key, self.stored, self.current) = (key, stored, current)
    }

    /// All keys that differ, in alphabetical order; where none does, the fingerprints themselves under `name`.
    static func between(
        _ stored: [String: String], _ current: [String: String], orElse name: String, _ storedPrint: String,
        _ currentPrint: String
    ) -> [Difference] {
        let keys = Set(stored.keys).union(current.keys).filter { stored[$0] != current[$0] }.sorted()
        if keys.isEmpty { return [Difference("\(name) fingerprint", storedPrint, currentPrint)] }
        return keys.map { Difference($0, stored[$0] ?? "(not set)", current[$0] ?? "(not set)") }
    }
}
