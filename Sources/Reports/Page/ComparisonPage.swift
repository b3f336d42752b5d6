import Formats
import Foundation
import Scoring
import Support

/// Several runs side by side: their ensembles' metrics, loss, time, and where their configs differ.
public struct ComparisonPage {
    private let runs: [(name: String, content: ReportContent)]

    /// - Parameter runs: each with the name that it goes by on the page; all different.
    public init(_ runs: [(name: String, content: ReportContent)]) { self.runs = runs }

    public var html: String {
        let merged = merged
        let metrics = MetricSections(content: merged)
        return PageFrame(
            title: "Comparison of \(Quantity.plural(runs.count, "run"))",
            sections: [
                overview, metrics.overview, SegmentSection(content: merged).section, metrics.byBeta, loss,
                TimeSection(content: merged).section, config,
            ]
        ).html
    }

    /// - Throws: `Failure` where we may not write, or the disk is full.
    public func write(to path: String) throws { try AtomicFile.write(path, html.utf8) }

    /// One content whose systems are the runs: of each its last, the ensemble; of one learner the learner's.
    private var merged: ReportContent {
        var merged = ReportContent(
            title: "",
            systems: runs.compactMap { run in
                run.content.systems.last.map { .init(name: run.name, metrics: $0.metrics, details: $0.details) }
            })
        merged.curves = runs.flatMap { run in
            run.content.curves.map { curve in
                var curve = curve
                curve.name = "\(run.name), \(curve.name)"
                return curve
            }
        }
        merged.times = runs.flatMap { run in
            run.content.times.map { .init(name: "\(run.name), \($0.name)", seconds: $0.seconds) }
        }
        return merged
    }

    private var overview: PageFrame.Section {
        let names = runs.flatMap { $0.content.facts.map(\.name) }.reduce(into: [String]()) { names, name in
            if !names.contains(name) { names.append(name) }
        }
        let rows = names.map { name in
            ["\(name)"] + runs.map { run in "\(run.content.facts.first { $0.name == name }?.value ?? "–")" as Markup }
        }
        let table = MarkupTable(header: [""] + runs.map(\.name), rows: rows).markup
        return .init(id: "overview", heading: "Overview", content: "<div class='config'>\(table)</div>\n")
    }

    /// Each module's loss, a line a learner, in the colour of its run.
    private var loss: PageFrame.Section {
        let modules = runs.flatMap { $0.content.histories.flatMap { $0.modules.map(\.name) } }.reduce(into: [String]()) {
            if !$0.contains($1) { $0.append($1) }
        }
        let charts = modules.map { module in
            let series = runs.enumerated().flatMap { index, run in
                run.content.histories.compactMap { history -> LineChart.Series? in
                    guard let own = history.modules.first(where: { $0.name == module }) else { return nil }
                    return .init(
                        name: "\(run.name), seed \(history.learner)",
                        points: own.epochs.map { .init(x: Double($0.epoch), y: $0.loss) }, colour: Legend.colour(index))
                }
            }
            return TrainingSections.chart("\(module): loss", series, saying: "loss")
        }
        let legend = Legend(entries: runs.enumerated().map { ($1.name, Legend.colour($0)) }).markup
        return .init(
            id: "loss", heading: "Loss", note: "The mean loss of each epoch, a line a learner.",
            content: charts.isEmpty ? .none : "<div class='grid-of-charts'>\n\(charts)</div>\n\(legend)")
    }

    /// Settings that are not the same in all runs.
    private var config: PageFrame.Section {
        let settings = runs.map { $0.content.config.map(ConfigDifference.flat) ?? [:] }
        let keys = Set(settings.flatMap(\.keys)).sorted().filter { key in
            settings.contains { $0[key] != settings[0][key] }
        }
        let rows = keys.map { key in ["\(key)"] + settings.map { "\($0[key]?.text ?? "–")" as Markup } }
        return .init(
            id: "config", heading: "Where the configs differ",
            content: rows.isEmpty
                ? .none : "<div class='config'>\(MarkupTable(header: ["setting"] + runs.map(\.name), rows: rows).markup)</div>\n")
    }
}
