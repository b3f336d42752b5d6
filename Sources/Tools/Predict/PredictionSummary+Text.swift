import Foundation
import Support

extension PredictionSummary {
    /// Lines for a person, after a prediction.
    ///
    /// - Parameter chunk: documents scored at a time.
    public func text(output: String, chunk: Int) -> String {
        let count = documents.formatted(.number.locale(Locale(identifier: "en_US_POSIX")).grouping(.automatic))
        var lines = ["\(output == "-" ? "" : "\(output): ")\(count) documents, at most \(topK) labels each"]
        if learners > 1 { lines[0] += ", the sum of \(learners) learners" }
        if withoutFeature > 0 {
            lines.append(
                "\(withoutFeature) of them have no feature that the model knows: their labels are what it holds likely of any")
        }
        let rate = predicting > 0 ? String(format: "%.0f", Double(documents) / predicting) : "-"
        lines.append(
            "model \(Quantity.seconds(loading)), reading \(Quantity.seconds(reading)), predicting "
                + "\(String(format: "%.4f s", predicting)) (\(rate) documents/s), writing \(Quantity.seconds(writing))")
        if chunk == 1, documents > 1 {
            let (median, slow) = chunkMilliseconds
            lines.append(
                "one document at a time: median \(String(format: "%.3f", median)) ms, 99 of 100 below \(String(format: "%.3f", slow)) ms"
            )
        }
        return lines.joined(separator: "\n")
    }
}
