import Checkpoint
import Foundation
import Scoring
import Support
import Transport

/// A trained learner's raw predictions and times, as `predictions.h5` keeps them: a finished learner is not trained again.
struct LearnerResult {
    var seed: UInt64
    var scores: LearnerParts
    var seconds: [String: Double]
    /// nil: the run has no validation.
    var validation: ValidationResult?

    static let fileName = "predictions.h5"
    /// Before the name of a module, in the name of an attribute: its wall seconds.
    private static let secondsOf = "seconds_"

    /// The result of an earlier run in `folder`; nil where there is none, or where it is damaged (`notice` is told).
    ///
    /// - Throws: `Failure(.usage)` where it belongs to another config or data set.
    static func stored(in folder: String, identity: CheckpointIdentity, notice: (String) -> Void) throws -> LearnerResult? {
        let path = "\(folder)/\(fileName)"
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        do {
            let (parts, attributes) = try ScoreFile.openParts(path)
            try check(attributes, identity, path)
            guard let clf = parts["clf"], let knn = parts["knn"] else { return nil }
            let seconds = attributes.compactMap { name, value -> (String, Double)? in
                guard name.hasPrefix(secondsOf), case .double(let value) = value else { return nil }
                return (String(name.dropFirst(secondsOf.count)), value)
            }
            return LearnerResult(
                seed: UInt64(bitPattern: Int64(identity.seed)),
                scores: LearnerParts(clf: clf, knn: knn, reranker: parts["reranker"]),
                seconds: Dictionary(uniqueKeysWithValues: seconds))
        } catch let failure as Failure where failure.code == .damagedCheckpoint {
            notice("\(path) is damaged (\(failure.found)): the predictions are made again")
            return nil
        }
    }

    /// Options that belong to what differs.
    private static let options = [
        "config": "--keep, --patience and --tune propensity_weight", "data": "--validation and --validation-seed",
    ]

    private static func check(_ attributes: [String: H5Attribute], _ identity: CheckpointIdentity, _ path: String) throws {
        for (name, now) in [("config", identity.configFingerprint), ("data", identity.dataFingerprint)] {
            guard case .string(let before)? = attributes[name], before != now else { continue }
            throw Failure(
                .usage, "results of another run are in the way: the \(name) differs", at: path,
                found: "\(name) fingerprint \(before)",
                expected: "\(now), as in this run",
                advice:
                    "set the \(name) back (\(Self.options[name] ?? "") belong to it) to go on, or start over with --fresh, or keep both with another --version"
            )
        }
    }

    /// - Returns: the same learner, whose scores are read from the file from now on.
    func write(to folder: String, identity: CheckpointIdentity) throws -> LearnerResult {
        var parts = ["clf": scores.clf, "knn": scores.knn]
        parts["reranker"] = scores.reranker
        var attributes: [String: H5Attribute] = [
            "config": .string(identity.configFingerprint), "data": .string(identity.dataFingerprint), "seed": .int(identity.seed),
        ]
        for (name, value) in seconds { attributes[Self.secondsOf + name] = .double(value) }
        let path = "\(folder)/\(Self.fileName)"
        try ScoreFile.write(parts: parts, to: path, attributes: attributes)
        let written = try ScoreFile.storedParts(path).parts
        var stored = self
        stored.scores = LearnerParts(
            clf: written["clf"] ?? scores.clf, knn: written["knn"] ?? scores.knn, reranker: written["reranker"])
        return stored
    }
}
