import Foundation
import Scoring
import Support

/// `metrics.json` of an ensemble of score files, which `merge FILE…` writes: what it is made of, and where there were labels what it is
/// worth. Its `report.json` is the page's content as it was.
package struct MergeRecord: Decodable {
    package struct Measured: Decodable {
        package let documents: Int
        package let labels: Int
        package let metrics: ReportMetrics
        let intervals: MetricIntervals?
        let segments: [String: SegmentTable]?
    }

    /// Score files, or folders of results.
    package let learners: [String]
    package let weights: [Double]
    package let normalise: String
    package let ensemble: Measured?

    /// - Returns: nil where the folder has no such file, but another or none.
    /// - Throws: `Failure` where it has one that is damaged.
    package init?(folder: String) throws {
        let path = "\(folder)/metrics.json"
        guard let data = FileManager.default.contents(atPath: path),
            let members = try? JSONSerialization.jsonObject(with: data) as? [String: Any], members["normalise"] != nil
        else { return nil }
        do { self = try JSONDecoder().decode(Self.self, from: data) } catch {
            throw Failure(
                .usage, "metrics.json cannot be read", at: path, found: "\(error)".prefix(200).description,
                expected: "metrics.json as merge writes it", advice: "merge the files again")
        }
    }

    /// - Throws: `Failure` where nothing was measured, or `report.json` is damaged.
    func content(in folder: String) throws -> ReportContent {
        guard let ensemble else {
            throw Failure(
                .usage, "a merge of score files without figures", at: "\(folder)/metrics.json",
                found: "\(learners.count) learners and their weights", expected: "figures of the ensemble",
                advice: "merge them again with --labels FILE, and --train-labels FILE for PSP and the tail")
        }
        let path = "\(folder)/\(RunRecord.fileName)"
        if let data = FileManager.default.contents(atPath: path) {
            do { return try JSONDecoder().decode(ReportContent.self, from: data) } catch {
                throw ReportContent.damaged(path, error)
            }
        }
        return content(ensemble)
    }

    /// What `metrics.json` alone says.
    private func content(_ measured: Measured) -> ReportContent {
        let parts = zip(learners, weights).map { ReportContent.Fact($0, String(format: "weight %.3g", $1)) }
        var content = ReportContent(
            title: "Ensemble of \(Quantity.plural(learners.count, "learner"))",
            facts: parts + [
                .init("documents with labels", Quantity.count(measured.documents)),
                .init("number of labels", Quantity.count(measured.labels)), .init("made comparable by", normalise),
            ],
            systems: [
                .init(
                    name: "ensemble", metrics: measured.metrics,
                    details: measured.intervals.map { ScoreDetails(intervals: $0, segments: measured.segments) })
            ])
        content.notes = ["There is no report.json: an earlier version merged the files. The learners' own figures are missing."]
        return content
    }
}
