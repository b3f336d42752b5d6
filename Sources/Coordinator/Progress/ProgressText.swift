import Support
import Formats
import Foundation
import Messages

/// Progress events as text.
enum ProgressText {
    /// For a log: `seed 108 extreme 3/20 loss 0.1234 10,234 docs/s 12.0 s left: message`.
    static func line(_ event: ProgressEvent) -> String {
        let figures = ["seed \(event.learner)", event.module] + parts(event) + validation(event, shown)
        return figures.joined(separator: " ") + (event.message.isEmpty ? "" : ": \(event.message)")
    }

    /// For a terminal, with a bar of the module's epochs, or of the work in hand; columns are aligned.
    static func live(_ event: ProgressEvent, learnerWidth: Int) -> String {
        let name = padded("seed \(event.learner)", learnerWidth + 5)
        let figures = (parts(event) + validation(event, ["P@1"])).joined(separator: "  ")
        let rest = [figures, event.message].filter { !$0.isEmpty }.joined(separator: "  ")
        return "\(name)  \(padded(event.module, 9))  \(bar(event))  \(rest)"
    }

    /// `reading trn_X_Xf.txt: 12 MiB of 1.20 GiB, 96 MiB/s, 12.5 s left`, after the part of the run that it belongs to.
    static func line(_ progress: ProgressReport) -> String {
        (progress.section.map { "\($0): " } ?? "") + progress.text
    }

    /// Fields of a JSON log line.
    static func fields(_ progress: ProgressReport) -> [String: JSONValue] {
        var fields: [String: JSONValue] = ["seconds": .finite(progress.seconds)]
        if !progress.what.isEmpty { fields["work"] = .string(progress.what) }
        if !progress.unit.isEmpty { fields["unit"] = .string(progress.unit) }
        fields["section"] = progress.section.map(JSONValue.string)
        fields["done"] = progress.done.map(JSONValue.integer)
        fields["total"] = progress.total.map(JSONValue.integer)
        fields["rate"] = progress.rate.map(JSONValue.finite)
        fields["eta_seconds"] = progress.secondsLeft.map(JSONValue.finite)
        return fields
    }

    /// The same of a learner.
    static func fields(_ event: ProgressEvent) -> [String: JSONValue] {
        var fields: [String: JSONValue] = event.progress.map { Self.fields($0) } ?? [:]
        fields["section"] = nil
        (fields["learner"], fields["module"]) = (.integer(event.learner), .string(event.module))
        fields["epoch"] = event.epoch.map(JSONValue.integer)
        fields["epochs"] = event.epochs.map(JSONValue.integer)
        fields["loss"] = event.loss.map(JSONValue.finite)
        fields["step"] = event.step.map(JSONValue.integer)
        fields["learning_rate"] = event.learningRate.map(JSONValue.finite)
        fields["validation"] = event.validation.map { .sorted($0.mapValues(JSONValue.finite)) }
        fields["docs_per_second"] = event.docsPerSecond.map(JSONValue.finite)
        if let left = event.etaSeconds { fields["eta_seconds"] = .finite(left) }
        return fields
    }

    /// Figures of validation documents in a line of the log, in this order.
    private static let shown = ["P@1", "P@3", "P@5", "nDCG@5", "PSP@1", "PSP@5"]

    private static func validation(_ event: ProgressEvent, _ names: [String]) -> [String] {
        guard let figures = event.validation else { return [] }
        let parts = names.compactMap { name in figures[name].map { "\(name) \(Quantity.percent($0))" } }
        return parts.isEmpty ? [] : ["validation \(parts.joined(separator: ", "))"]
    }

    private static func parts(_ event: ProgressEvent) -> [String] {
        var parts: [String] = []
        if let epoch = event.epoch { parts.append(event.epochs.map { "\(epoch)/\($0)" } ?? "\(epoch)") }
        if let loss = event.loss { parts.append("loss " + String(format: "%.4g", loss)) }
        if let rate = event.docsPerSecond, rate.isFinite, rate < 1e15 {
            parts.append("\(Quantity.count(Int(saturating: rate.rounded()))) docs/s")
        }
        if let left = event.etaSeconds, left.isFinite { parts.append("\(Quantity.seconds(max(0, left))) left") }
        return parts
    }

    private static func bar(_ event: ProgressEvent) -> String {
        let width = 20
        guard let done = event.epoch ?? event.progress?.done, let all = event.epochs ?? event.progress?.total, all > 0 else {
            return String(repeating: " ", count: width)
        }
        let full = max(0, min(width, Int(Double(width) * Double(done) / Double(all))))
        return String(repeating: "━", count: full) + String(repeating: "─", count: width - full)
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
