import Foundation
import Scoring
import Support

/// What scores are worth: tables and charts of metrics.
struct MetricSections {
    let content: ReportContent

    private var colours: [String: Int] {
        Dictionary(
            content.systems.enumerated().map { ($1.name, Legend.colour($0)) }, uniquingKeysWith: { first, _ in first })
    }

    /// Metrics that all systems have, at the ranks that are shown.
    private var choices: [MetricChoice] {
        MetricChoice.shown.filter { choice in content.systems.allSatisfy { choice.value($0.metrics) != nil } }
    }

    var overview: PageFrame.Section {
        let intervals = content.systems.compactMap(\.details).first?.intervals
        let note = intervals.map {
            "In per cent. Ranges are \(Int(saturating: ($0.level * 100).rounded())) % intervals of a bootstrap over the test documents "
                + "(\(Quantity.count($0.resamples)) resamples): how far a figure would move with other documents of the same kind."
        }
        return PageFrame.Section(id: "metrics", heading: "Metrics", note: note ?? "In per cent.", content: table + charts)
    }

    private var table: Markup {
        MarkupTable(
            header: [""] + choices.map(\.name),
            rows: content.systems.map { system in
                ["\(system.name)"]
                    + choices.map { choice in
                        let value = Quantity.percent(choice.value(system.metrics) ?? 0)
                        guard let range = choice.interval(system) else { return "\(value)" }
                        return
                            "\(value)<small>\(Quantity.percent(range.lowerBound))–\(Quantity.percent(range.upperBound))</small>"
                    }
            }
        ).markup
    }

    private var charts: Markup {
        let colours = colours
        let charts = choices.filter { ![MetricChoice("nDCG", 1)].contains($0) }.map { choice in
            IntervalChart(
                title: choice.name, metric: choice.name,
                rows: content.systems.compactMap { system in
                    choice.value(system.metrics).map {
                        .init(name: system.name, value: $0, interval: choice.interval(system), colour: colours[system.name] ?? 0)
                    }
                }
            ).markup
        }
        return "<div class='grid-of-charts'>\n\(charts)</div>\n"
    }

    /// Metrics over β, one chart a metric, and those of the parts alone.
    var byBeta: PageFrame.Section {
        let curves = content.curves
        guard let first = curves.first else { return .init(id: "beta", heading: "By β", content: stages) }
        let choices = [MetricChoice("P", 1), MetricChoice("P", 5), MetricChoice("nDCG", 5), MetricChoice("PSP", 5)]
        let charts = choices.filter { $0.value(first.points[0].metrics) != nil }.map { chart($0, curves) }
        let names = self.names(curves), hasReranker = curves.contains(where: \.isBeforeReranker)
        let legend = Legend(entries: names.enumerated().map { ($1, Legend.colour($0)) }).markup
        return .init(
            id: "beta", heading: "By β",
            note: "β weighs the classifiers (1) against the neighbours of the first stage (0)."
                + (hasReranker ? " Dashed: without the re-ranker." : ""),
            content: "<div class='grid-of-charts'>\n\(charts)</div>\n\(legend)\(stages)")
    }

    /// A colour each: a learner's curve before the re-ranker has that of the curve after.
    private func names(_ curves: [ReportContent.BetaCurve]) -> [String] {
        curves.reduce(into: []) { names, curve in if !names.contains(curve.name) { names.append(curve.name) } }
    }

    private func chart(_ choice: MetricChoice, _ curves: [ReportContent.BetaCurve]) -> Markup {
        let names = self.names(curves)
        return LineChart(
            title: choice.name, xName: "β",
            series: curves.map { curve in
                .init(
                    name: curve.name,
                    points: curve.points.compactMap { point in
                        choice.value(point.metrics).map { .init(x: point.beta, y: $0) }
                    }, colour: Legend.colour(names.firstIndex(of: curve.name) ?? 0), isDashed: curve.isBeforeReranker)
            }, x: Axis(curves.flatMap { $0.points.map(\.beta) }),
            says: { series, point in String(format: "%@, β %.2f: %@ %.2f", series.name, point.x, choice.name, point.y) }
        ).markup
    }

    private var stages: Markup {
        guard let first = content.stages.first else { return .none }
        let choices = MetricChoice.shown.filter { $0.value(first.metrics) != nil }
        return MarkupTable(
            header: ["part"] + choices.map(\.name),
            rows: content.stages.map { stage in
                ["\(stage.name)"] + choices.map { "\(Quantity.percent($0.value(stage.metrics) ?? 0))" }
            }
        ).markup
    }
}

/// Head, torso and tail.
struct SegmentSection {
    let content: ReportContent

    private var systems: [(name: String, segments: [String: SegmentTable])] {
        content.systems.compactMap { system in system.details?.segments.map { (system.name, $0) } }
    }

    var section: PageFrame.Section {
        .init(
            id: "segments", heading: "Head, torso and tail",
            note:
                "Labels by their training documents, each segment with about a third of all training pairs. The figures are what a "
                + "segment's labels contribute: they add up to the whole.",
            content: systems.isEmpty ? .none : chart("P", 5) + chart("R", 5) + legend + table)
    }

    private var legend: Markup { Legend(entries: LabelSegments.names.enumerated().map { ($1, $0) }).markup }

    private func chart(_ metric: String, _ rank: Int) -> Markup {
        BarChart(
            title: "\(metric)@\(rank)", unit: "per cent",
            bars: systems.map { system in
                let parts = LabelSegments.names.enumerated().compactMap { index, name -> BarChart.Part? in
                    guard let segment = system.segments[name] else { return nil }
                    let values = metric == "P" ? segment.P : segment.R
                    guard values.indices.contains(rank - 1) else { return nil }
                    let value = values[rank - 1]
                    let says = String(format: "%@, %@: %.2f of %@@%d", system.name, name, value, metric, rank)
                    return .init(name: name, value: value, colour: index, says: says)
                }
                return .init(name: system.name, parts: parts, total: Quantity.percent(parts.reduce(0) { $0 + $1.value }))
            }
        ).markup
    }

    private var table: Markup {
        let ranks = [1, 3, 5]
        let header = ["", "labels", "test pairs"] + ranks.map { "P@\($0)" } + ranks.map { "R@\($0)" }
        let rows = systems.flatMap { system in
            LabelSegments.names.compactMap { name -> [Markup]? in
                guard let segment = system.segments[name], segment.P.count >= 5, segment.R.count >= 5 else { return nil }
                let figures = ranks.map { segment.P[$0 - 1] } + ranks.map { segment.R[$0 - 1] }
                return ["\(system.name), \(name)", "\(Quantity.count(segment.labels))", "\(Quantity.count(segment.pairs))"]
                    + figures.map { "\(Quantity.percent($0))" }
            }
        }
        return MarkupTable(header: header, rows: rows).markup
    }
}
