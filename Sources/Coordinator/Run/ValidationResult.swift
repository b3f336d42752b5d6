import Checkpoint
import Foundation
import Messages
import Reports
import Scoring
import Support

/// A learner's scores of the validation documents, and what its group decided by them: `validation.h5` and `validation.json` beside
/// `predictions.h5`.
struct ValidationResult {
    var scores: LearnerParts
    var decided: LearnerValidation
    /// At the learner's β; nil: not measured yet.
    var metrics: MetricTable?

    static let scoreFile = "validation.h5", decisionFile = "validation.json"

    /// - Returns: nil where there is none of this identity, or it is damaged.
    /// - Throws: `Failure` where it cannot be read.
    static func stored(in folder: String, identity: CheckpointIdentity) throws -> ValidationResult? {
        let path = "\(folder)/\(scoreFile)"
        guard isFile(path), let text = FileManager.default.contents(atPath: "\(folder)/\(decisionFile)"),
            let decided = try? JSONDecoder().decode(LearnerValidation.self, from: text)
        else { return nil }
        do {
            let (parts, attributes) = try ScoreFile.openParts(path)
            guard attributes == Self.attributes(identity, text), let clf = parts["clf"], let knn = parts["knn"] else {
                return nil
            }
            return ValidationResult(scores: LearnerParts(clf: clf, knn: knn, reranker: parts["reranker"]), decided: decided)
        } catch let failure as Failure where failure.code == .damagedCheckpoint { return nil }
    }

    /// - Returns: the same, whose scores are read from the file from now on.
    func write(to folder: String, identity: CheckpointIdentity) throws -> ValidationResult {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        // What rank 0 chooses, it chooses anew each time.
        var own = decided
        own.tuned.removeAll { $0.setting == "beta" }
        let text = try encoder.encode(own) + Data("\n".utf8)
        try AtomicFile.write("\(folder)/\(Self.decisionFile)", text)
        var parts = ["clf": scores.clf, "knn": scores.knn]
        parts["reranker"] = scores.reranker
        let path = "\(folder)/\(Self.scoreFile)"
        try ScoreFile.write(parts: parts, to: path, attributes: Self.attributes(identity, text))
        let written = try ScoreFile.storedParts(path).parts
        var stored = self
        stored.scores = LearnerParts(
            clf: written["clf"] ?? scores.clf, knn: written["knn"] ?? scores.knn, reranker: written["reranker"])
        return stored
    }

    /// As `metrics.json` has it; nil: not measured.
    var section: MetricsReport.LearnerValidationSection? { metrics.map { .init(metrics: $0, decided) } }

    /// Of the scores' file, with a checksum of the decisions': one of them is not read without the other.
    private static func attributes(_ identity: CheckpointIdentity, _ decisions: Data) -> [String: H5Attribute] {
        [
            "config": .string(identity.configFingerprint), "data": .string(identity.dataFingerprint), "seed": .int(identity.seed),
            "decisions": .string(hexDigits(FNV1a.hash64(decisions))),
        ]
    }
}
