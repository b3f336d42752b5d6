import Config
import Foundation
import Scoring
import Support
import Transport

/// What `deepxml-dist evaluate` measures, and against what.
public struct EvaluateOptions: Sendable, Equatable {
    /// Scores in any format, or a learner's predictions.h5.
    public var predictions: String
    /// Labels of the same documents.
    public var labels: String
    /// Labels of the training documents: propensities and the split by frequency come from them.
    public var trainLabels: String?
    /// Pairs `document label` that are no predictions.
    public var filter: String?
    /// File of the labels that alone count, one a line: predictions and true labels of others are left out; nil: all count.
    public var among: String?
    /// Labels at or above this score are measured as a set; nil: only the best 1 … 5 are.
    public var threshold: Double?
    /// Parameters of the propensities.
    public var A = 0.55
    public var B = 1.5
    /// For a learner's stages; the first is the one that the main figures are of.
    public var betas: [Double]
    public var threads: Int
    /// Some documents are kept, for a report: with names of labels, and texts, from the folder of `labels`.
    public var keepsDocuments = false

    public init(predictions: String, labels: String, threads: Int = 1) {
        self.predictions = predictions
        self.labels = labels
        self.threads = threads
        betas = Self.defaultBetas
    }

    /// The configs' own β, then those of the original's evaluation.
    public static let defaultBetas = [GlobalConfig().beta] + LearnerEvaluation.betas.filter { $0 != GlobalConfig().beta }

    /// β as typed: numbers from 0 to 1 separated by commas, all different.
    ///
    /// - Throws: `Failure(.usage)`.
    public static func betas(_ text: String) throws -> [Double] {
        var betas = [Double]()
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let beta = Double(word.trimmingCharacters(in: .whitespaces)), (0...1).contains(beta), !betas.contains(beta)
            else {
                throw Failure(
                    .usage, "no list of β", at: "--beta", found: "\"\(text)\"",
                    expected: "different numbers from 0 to 1, separated by commas", advice: "for example --beta 0.3,0.5")
            }
            betas.append(beta)
        }
        return betas
    }

    /// - Throws: `Failure(.usage)` where A or B give no propensities, or the threshold is no number.
    func check() throws {
        if let threshold, !Float(threshold).isFinite {
            throw Failure(
                .usage, "no threshold of scores", at: "--threshold", found: "\(threshold)", expected: "a finite number",
                advice: "give one between the smallest and the largest score of the predictions, such as 0.5")
        }
        guard A.isFinite, B.isFinite, A >= 0, B > 0 else {
            throw Failure(
                .usage, "no parameters of propensities", at: "--A, --B", found: "A \(A), B \(B)",
                expected: "A from 0 and B above 0: labels may have no training document",
                advice: "most data sets use 0.55 and 1.5, those of Amazon 0.6 and 2.6, those of Wikipedia 0.5 and 0.4")
        }
    }
}
