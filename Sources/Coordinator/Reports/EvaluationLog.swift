import Foundation
import Scoring
import Support

/// The texts of the original's `log_eval.txt` and `log_ens_eval.txt` (Extreme-classification/deepxml, tools/evaluate.py
/// and evaluate_ensemble.py): four lines a system, P, nDCG, PSP and PSnDCG at 1 … 5.
public enum EvaluationLog {
    /// One learner: `classifier`, `shortlist` and each β; then the same with the re-ranker, where there is one.
    public static func learner(_ evaluation: LearnerEvaluation) -> String {
        let stages = evaluation.stages
        guard let before = evaluation.byBetaBeforeReranker else {
            return block(classifier: stages["clf"], shortlist: stages["knn"], byBeta: evaluation.byBeta) + "\n"
        }
        let first = block(classifier: stages["clf"], shortlist: stages["knn"], byBeta: before)
        let second = block(classifier: stages["reranker"], shortlist: stages["knn"], byBeta: evaluation.byBeta)
        return first + "\nRe-ranker\n\n" + second + "\n"
    }

    /// The learners in their order, counted from 0 as the original does, then the ensemble.
    public static func ensemble(learners: [MetricTable], ensemble: MetricTable) -> String {
        let parts = learners.enumerated().map { "learner: \($0)\n\(figures($1))\n" }
        return parts.joined() + "Ensemble\n\(figures(ensemble))\n"
    }

    private static func block(classifier: MetricTable?, shortlist: MetricTable?, byBeta: [String: MetricTable]) -> String {
        var parts: [String] = []
        if let classifier { parts.append("classifier\n\(figures(classifier))") }
        if let shortlist { parts.append("shortlist\n\(figures(shortlist))") }
        for (beta, table) in byBeta.sorted(by: { $0.key < $1.key }) { parts.append("beta: \(beta)\n\(figures(table))") }
        return parts.joined(separator: "\n")
    }

    /// xclib's `format`: `72.49,70.45,67.85,64.55,59.80`, a line a metric.
    static func figures(_ table: MetricTable) -> String {
        [table.P, table.nDCG, table.PSP, table.PSnDCG]
            .map { $0.map(Quantity.percent).joined(separator: ",") }
            .joined(separator: "\n")
    }
}
