import Foundation
import Support

extension TrainingEvent {
    /// A line for a person: `2026-11-30T06:50:13.123Z seed 22 extreme 3/20 loss 0.1234, rate 0.01, 10,234 docs/s`.
    public var text: String {
        let what =
            switch event {
            case .start: "begins\(workerText)"
            case .resume: "goes on\(workerText)"
            case .epoch, .part: progressText
            case .rank: rankText
            case .learner: "is trained\(metricText)"
            case .end: code == 0 ? "ends" : "ends with exit code \(code.map(String.init) ?? "?")"
            }
        return "\(time) seed \(learner) \(what)"
    }

    private var workerText: String { workers.map { " on \(ranksText($0))" } ?? "" }

    private var progressText: String {
        var head = module ?? ""
        if let epoch { head += " \(epoch)" + (epochs.map { "/\($0)" } ?? "") }
        var parts: [String] = []
        if let loss { parts.append("loss " + String(format: "%.4g", loss)) }
        if let learningRate { parts.append("rate " + String(format: "%.3g", learningRate)) }
        if let docsPerSecond, docsPerSecond < 1e15 {
            parts.append("\(Quantity.count(Int(saturating: docsPerSecond.rounded()))) docs/s")
        }
        if let seconds { parts.append(Quantity.seconds(seconds)) }
        parts += (validation ?? [:]).sorted { $0.key < $1.key }.map { "\($0) \(Quantity.percent($1))" }
        if let message { parts.append(message) }
        return parts.isEmpty ? head : "\(head) \(parts.joined(separator: ", "))"
    }

    private var rankText: String {
        let modules = (moduleSeconds ?? [:]).sorted { $0.key < $1.key }.map { "\($0) \(Quantity.seconds($1))" }
        let memory = peakMiB.map { [Quantity.bytes(Int(saturating: $0 * 1_048_576))] } ?? []
        return "rank \(rank): " + (modules + memory).joined(separator: ", ")
    }

    private var metricText: String {
        guard let P = metrics?["P"], P.count >= 5 else { return "" }
        return ": P@1 \(Quantity.percent(P[0])), P@5 \(Quantity.percent(P[4]))"
    }
}
