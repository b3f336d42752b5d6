import Formats
import Foundation
import Messages
import Scoring
import Support

/// What validation documents say, and what was chosen by them.
struct ValidationSection {
    let content: ReportContent

    var section: PageFrame.Section {
        guard let whole = content.validation else { return .init(id: "validation", heading: "Validation", content: .none) }
        let documents = Quantity.plural(whole.documents, "document")
        return .init(
            id: "validation", heading: "Validation",
            note:
                "Figures of \(documents) that no learner was trained on (\(whole.source)), in per cent. Whatever was chosen was chosen "
                + "by these, none of it by test documents.",
            content: figures(whole) + epochs + tuning + weights(whole))
    }

    private func figures(_ whole: MetricsReport.ValidationSection) -> Markup {
        let choices = MetricChoice.shown
        let systems = content.learnerValidations.map { ($0.name, $0.section.metrics) } + [("ensemble", whole.ensemble)]
        return MarkupTable(
            header: [""] + choices.map(\.name),
            rows: systems.map { name, table in
                ["\(name)"] + choices.map { "\(Quantity.percent($0.value(ReportMetrics(table)) ?? 0))" }
            }
        ).markup
    }

    /// A line for each module that has epochs: which one is kept.
    private var epochs: Markup {
        let rows = content.learnerValidations.flatMap { learner in
            learner.section.modules.compactMap { module -> [Markup]? in
                guard let best = module.best, let last = module.points.last, let kept = module.keptEpoch else { return nil }
                let trained = last.epoch < module.epochs ? "\(last.epoch) of \(module.epochs), ended early" : "\(last.epoch)"
                return [
                    "\(learner.name), \(module.module)", "\(trained)", "\(kept)", "\(best.epoch)", "\(module.metric)",
                    "\(Quantity.percent(best.value))",
                ]
            }
        }
        guard !rows.isEmpty else { return .none }
        return MarkupTable(
            header: ["module", "epochs trained", "epoch kept", "best epoch", "by", "best figure"], rows: rows
        ).markup
    }

    /// A chart for each setting that was tuned: what was maximised over the values that were tried.
    private var tuning: Markup {
        let tables = content.learnerValidations.enumerated().flatMap { index, learner in
            learner.section.tuned.map { (index, learner.name, $0) }
        }
        let settings = tables.map(\.2.setting).reduce(into: [String]()) { names, name in
            if !names.contains(name) { names.append(name) }
        }
        guard !settings.isEmpty else { return .none }
        let charts = settings.map { setting in chart(setting, tables.filter { $0.2.setting == setting }) }
        let rows = tables.map { _, name, table -> [Markup] in
            ["\(name), \(table.setting)", "\(table.chosen, digits: 4)", "\(table.configured, digits: 4)", "\(table.metric)"]
        }
        let legend = Legend(
            entries: content.learnerValidations.enumerated().map { ($1.name, Legend.colour($0)) })
        return "<div class='grid-of-charts'>\n\(charts)</div>\n\(legend.markup)"
            + MarkupTable(header: ["setting", "chosen", "config", "by"], rows: rows).markup
    }

    private func chart(_ setting: String, _ tables: [(index: Int, name: String, table: TuningTable)]) -> Markup {
        let series = tables.map { index, name, table in
            LineChart.Series(
                name: name, points: table.rows.map { .init(x: $0.value, y: $0.score) }, colour: Legend.colour(index),
                marks: [table.chosen], markName: "chosen")
        }
        let metric = tables.first?.table.metric ?? ""
        return LineChart(
            title: "\(setting): \(metric)", xName: setting, series: series, x: Axis(series.flatMap { $0.points.map(\.x) }),
            says: { String(format: "%@, %@ %.4g: %@ %.2f", $0.name, setting, $1.x, metric, $1.y) }
        ).markup
    }

    private func weights(_ whole: MetricsReport.ValidationSection) -> Markup {
        guard let weights = whole.weights else { return .none }
        let rows = zip(content.learnerValidations, weights).map { ["\($0.name)", "\($1, digits: 4)"] as [Markup] }
        return MarkupTable(header: ["learner", "weight in the ensemble"], rows: rows).markup
    }
}
