import Foundation
import Support

/// How training went: loss and rate over epochs, seconds by module and rank, memory.
struct TrainingSections {
    let content: ReportContent

    /// Modules that have epochs, in the order in which the learners trained them.
    private var modules: [String] {
        content.histories.flatMap { $0.modules.map(\.name) }.reduce(into: []) { names, name in
            if !names.contains(name) { names.append(name) }
        }
    }

    var loss: PageFrame.Section {
        let charts = modules.flatMap { module in
            [chart(module, "loss") { $0.loss }, chart(module, "learning rate") { $0.learningRate }] + validations(module)
        }
        let names = content.histories.enumerated().map { ("seed \($1.learner)", Legend.colour($0)) }
        let jobs = content.histories.filter { $0.jobs > 1 }.map { "seed \($0.learner) in \($0.jobs) jobs" }
        let note = jobs.isEmpty ? "" : " Trained \(jobs.joined(separator: ", ")): a dotted line is where one went on."
        return .init(
            id: "loss", heading: "Loss and learning rate",
            note: "The mean loss of each epoch, and the rate of its last step.\(note)",
            content: charts.allSatisfy { $0 == .none }
                ? .none : "<div class='grid-of-charts'>\n\(charts)</div>\n\(Legend(entries: names).markup)")
    }

    private func chart(_ module: String, _ name: String, _ value: (LearnerHistory.Epoch) -> Double?) -> Markup {
        let series = content.histories.enumerated().compactMap { index, history -> LineChart.Series? in
            guard let own = history.modules.first(where: { $0.name == module }) else { return nil }
            let points = own.epochs.compactMap { epoch in
                value(epoch).map { LineChart.Point(x: Double(epoch.epoch), y: $0) }
            }
            guard !points.isEmpty else { return nil }
            return .init(
                name: "seed \(history.learner)", points: points, colour: Legend.colour(index),
                marks: own.resumedAfter.filter { $0 > 0 }.map(Double.init))
        }
        return Self.chart("\(module): \(name)", series, saying: name)
    }

    /// Metrics of validation documents, a chart each; none where none were measured.
    private func validations(_ module: String) -> [Markup] {
        let epochs = content.histories.flatMap { history in
            history.modules.first { $0.name == module }?.epochs ?? []
        }
        let measured = Set(epochs.flatMap { ($0.validation ?? [:]).keys })
        let usual = ["P@1", "P@5", "nDCG@5", "PSP@5"].filter(measured.contains)
        return (usual.isEmpty ? measured.sorted() : usual).map { name in
            chart(module, "validation \(name)") { $0.validation?[name] }
        }
    }

    static func chart(_ title: String, _ series: [LineChart.Series], saying name: String) -> Markup {
        let epochs = series.flatMap { $0.points.map { Int(saturating: $0.x) } }
        guard let first = epochs.min(), let last = epochs.max() else { return .none }
        return LineChart(
            title: title, xName: "epoch", series: series, x: Axis(from: first, to: last),
            says: { "\($0.name), epoch \(Int(saturating: $1.x)): \(name) \(String(format: "%.4g", $1.y))" }
        ).markup
    }
}

/// Where the time went.
struct TimeSection {
    let content: ReportContent

    /// Each module has a colour, whatever learner or rank.
    private var modules: [String] {
        let ofRanks = content.histories.flatMap { $0.ranks.flatMap { $0.modules.map(\.module) } }
        let ofTimes = content.times.flatMap { $0.seconds.keys.sorted() }
        return (ofRanks + ofTimes).reduce(into: []) { names, name in if !names.contains(name) { names.append(name) } }
    }

    private var colours: [String: Int] {
        Dictionary(uniqueKeysWithValues: modules.enumerated().map { ($1, Legend.colour($0)) })
    }

    var section: PageFrame.Section {
        let bars = rankBars.isEmpty ? moduleBars : rankBars
        let legend = Legend(entries: modules.map { ($0, colours[$0] ?? 0) }).markup
        let note =
            rankBars.isEmpty
            ? "Wall seconds of each module, as its slowest worker took them."
            : "Wall seconds of each module on each rank, all jobs together. Pale: spent waiting for messages of other ranks."
        return .init(
            id: "time", heading: "Time", note: note,
            content: bars.isEmpty
                ? .none : BarChart(title: "Seconds by module and rank", unit: "seconds", bars: bars).markup + legend)
    }

    private var rankBars: [BarChart.Bar] {
        let colours = colours
        return content.histories.flatMap { history in
            history.ranks.map { rank in
                let name = "seed \(history.learner), rank \(rank.rank)"
                let parts = rank.modules.flatMap { share -> [BarChart.Part] in
                    let waited = min(share.waited, share.seconds), colour = colours[share.module] ?? 0
                    let says =
                        "\(name), \(share.module): \(Quantity.seconds(share.seconds)), of it \(Quantity.seconds(waited)) waiting"
                    return [
                        .init(name: share.module, value: share.seconds - waited, colour: colour, says: says),
                        .init(name: "\(share.module) waiting", value: waited, colour: colour, isPale: true, says: says),
                    ]
                }
                return .init(name: name, parts: parts, total: Quantity.seconds(parts.reduce(0) { $0 + $1.value }))
            }
        }
    }

    private var moduleBars: [BarChart.Bar] {
        let colours = colours
        return content.times.filter { !$0.seconds.isEmpty }.map { times in
            let parts = modules.compactMap { module in
                times.seconds[module].map {
                    BarChart.Part(
                        name: module, value: $0, colour: colours[module] ?? 0,
                        says: "\(times.name), \(module): \(Quantity.seconds($0))")
                }
            }
            return .init(name: times.name, parts: parts, total: Quantity.seconds(parts.reduce(0) { $0 + $1.value }))
        }
    }
}

/// Memory planned and used.
struct MemorySection {
    let content: ReportContent

    var section: PageFrame.Section {
        let mapped = content.mappedMiB.map {
            " Ranks of a node share \(Self.size($0)) of data, which the plan counts once a node and the peak of each rank may hold."
        }
        let bars = content.memory.map { memory -> BarChart.Bar in
            let used = memory.used.map {
                BarChart.Part(name: "used", value: $0, colour: 0, says: "rank \(memory.rank): \(Self.size($0)) used at most")
            }
            let planned = memory.planned.map { (value: $0, says: "rank \(memory.rank): \(Self.size($0)) planned") }
            return .init(
                name: "rank \(memory.rank)", parts: used.map { [$0] } ?? [], limit: planned,
                total: memory.used.map(Self.size) ?? "not measured")
        }
        return .init(
            id: "memory", heading: "Memory",
            note: "The largest resident set of each rank, and (upright line) what the plan expected it to need.\(mapped ?? "")",
            content: bars.isEmpty ? .none : BarChart(title: "Memory by rank", unit: "MiB", bars: bars).markup)
    }

    private static func size(_ mebibytes: Double) -> String { Quantity.bytes(Int(saturating: mebibytes * 1_048_576)) }
}
