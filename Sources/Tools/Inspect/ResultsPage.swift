import Foundation
import Reports
import Scoring

/// The page of a folder of results: an ensemble's, or one learner's.
struct ResultsPage {
    let inspector: Inspector
    init(_ inspector: Inspector) { self.inspector = inspector }
    private var folder: String { inspector.path }

    /// A folder that has one of these is one of results.
    static let files = ["metrics.json", "predictions.h5", "score.npz", "score.h5", "log_eval.txt", EventFile.name]

    func results(_ names: [String]) throws -> Inspection {
        var page = Inspection("results", path: folder, verify: inspector.verify)
        if names.contains("metrics.json") { addMetrics(to: &page) }
        var table = Inspection.Table("files", header: ["name", "size"])
        for name in names {
            let path = "\(folder)/\(name)"
            table.rows.append([.text(name), .bytes(Inspector.size(path))])
            guard name.hasSuffix(".h5") || name.hasSuffix(".npz") else { continue }
            guard let part = page.noting(path, { try Inspector(path: path, verify: inspector.verify).inspect() }) else {
                continue
            }
            page.damages += part.damages
            if name == "predictions.h5" { page.facts += part.facts.filter { $0.name != "size" } }
        }
        page.tables.append(table)
        return page
    }

    private func addMetrics(to page: inout Inspection) {
        let path = "\(folder)/metrics.json"
        if let merged = page.noting(path, { try MergeRecord(folder: folder) }) ?? nil { return add(merged, to: &page) }
        let report = page.noting(path) {
            try JSONDecoder().decode(MetricsReport.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
        }
        guard let report else { return }
        page.add("framework", .text(report.framework))
        page.add("architecture", .text(report.arch))
        page.add("data set", .text(report.dataset))
        page.add("version", .text(report.version))
        page.add("training documents", .count(report.data.train))
        page.add("test documents", .count(report.data.test))
        page.add("features", .count(report.data.features))
        page.add("labels", .count(report.data.labels))
        page.add("data fingerprint", .text(report.data.fingerprint))
        page.add("ranks", .number(report.ranks))
        page.add("wall seconds", .decimal(report.wallSeconds))
        var table = Inspection.Table("metrics", header: ["learner", "P@1", "P@3", "P@5", "nDCG@5", "PSP@1", "PSP@3", "PSP@5"])
        for learner in report.learners { table.rows.append([.number(learner.seed)] + Self.row(learner.metrics)) }
        table.rows.append([.text("ensemble")] + Self.row(report.ensemble.metrics))
        page.tables.append(table)
    }

    /// An ensemble of score files.
    private func add(_ merged: MergeRecord, to page: inout Inspection) {
        for (learner, weight) in zip(merged.learners, merged.weights) { page.add("weight of \(learner)", .decimal(weight)) }
        page.add("made comparable by", .text(merged.normalise))
        guard let ensemble = merged.ensemble else { return }
        page.add("test documents with labels", .count(ensemble.documents))
        page.add("labels", .count(ensemble.labels))
        let figures = zip(["P@1", "P@3", "P@5"], [0, 2, 4]).filter { $1 < ensemble.metrics.P.count }
        for (name, place) in figures { page.add(name, .percent(ensemble.metrics.P[place])) }
    }

    private static func row(_ metrics: MetricTable) -> [Inspection.Figure] {
        let chosen = [(metrics.P, [0, 2, 4]), (metrics.nDCG, [4]), (metrics.PSP, [0, 2, 4])]
        return chosen.flatMap { values, places in places.map { $0 < values.count ? .percent(values[$0]) : .text("-") } }
    }
}
