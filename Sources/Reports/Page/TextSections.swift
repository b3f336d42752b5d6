import Formats
import Foundation
import Support

/// What is no chart: facts, the plan, the config, documents.
struct TextSections {
    let content: ReportContent

    var overview: PageFrame.Section {
        let facts = content.facts.map { "<div><dt>\($0.name)</dt><dd>\($0.value)</dd></div>\n" as Markup }
        let notes = content.notes.map { "<p class='note'>\($0)</p>\n" as Markup }
        return .init(id: "overview", heading: "Overview", content: "<dl class='facts'>\n\(facts)</dl>\n\(notes)")
    }

    var plan: PageFrame.Section {
        let content: Markup = content.plan.map { "<pre>\($0)</pre>\n" as Markup } ?? .none
        return .init(id: "plan", heading: "Plan", note: "As rank 0 made it before the last job that trained.", content: content)
    }

    var config: PageFrame.Section {
        let rows = content.differences.map { difference in
            ["\(difference.key)", "\(difference.value.text)", "\(difference.standard?.text ?? "–")"] as [Markup]
        }
        let table = rows.isEmpty ? Markup.none : MarkupTable(header: ["setting", "value", "default"], rows: rows).markup
        let whole: Markup =
            content.config.map { "<details><summary>All settings</summary><pre>\($0.indentedText)</pre></details>\n" as Markup }
            ?? .none
        return .init(
            id: "config", heading: "Config", note: content.configFile == nil ? Self.fromDefaults : "",
            content: table == .none && whole == .none ? .none : "<div class='config'>\(changes)\(table)\(whole)</div>\n")
    }

    private static let fromDefaults = "Settings that are not at the program's defaults."

    /// What was typed over the config file.
    private var changes: Markup {
        guard let file = content.configFile else { return .none }
        let rows = content.changes.map { ["\($0.key)", "\($0.value.text)", "\($0.file?.text ?? "–")"] as [Markup] }
        let table: Markup =
            rows.isEmpty
            ? "<p>All settings are as \(file) has them.</p>\n"
            : "<p>Settings that are not as \(file) has them:</p>\n\(MarkupTable(header: ["setting", "value", "in the file"], rows: rows).markup)"
        return "\(table)<p>\(Self.fromDefaults)</p>\n"
    }

    var documents: PageFrame.Section {
        let cards = content.documents.map(card)
        return .init(
            id: "documents", heading: "Documents",
            note: "Test documents spread evenly over the set, with the labels predicted for them and their own. ✓ is right.",
            content: cards.isEmpty ? .none : "<div class='documents'>\n\(cards)</div>\n")
    }

    private func card(_ document: DocumentRecord) -> Markup {
        let text: Markup = document.text.map { "<p>\(Self.shortened($0))</p>\n" as Markup } ?? .none
        let predicted = document.predicted.map { label -> Markup in
            let score = label.score.map { String(format: " %.3f", $0) } ?? ""
            return
                "<li\(label.isHit ? Self.right : .none)>\(label.isHit ? "✓" : "·") \(Self.name(label))<span class='faint'>\(score)</span></li>\n"
        }
        let own = document.labels.map { "<li\($0.isHit ? Self.right : .none)>\(Self.name($0))</li>\n" as Markup }
        let more = max(document.labelCount, document.labels.count) - document.labels.count
        let rest: Markup = more > 0 ? "<li class='faint'>and \(more) more</li>\n" : .none
        return """
            <article data-document='\(document.document)'>
            <h3>Test document \(document.document)</h3>
            \(text)<p class='faint'>predicted</p><ul>
            \(predicted)</ul>
            <p class='faint'>\(Quantity.plural(document.labelCount, "label"))</p><ul>
            \(own)\(rest)</ul>
            </article>

            """
    }

    private static let right: Markup = " class='yes'"

    private static func name(_ label: DocumentRecord.Label) -> String {
        label.name.flatMap { $0.isEmpty ? nil : $0 } ?? "label \(label.id)"
    }

    private static func shortened(_ text: String) -> String {
        text.count <= 400 ? text : text.prefix(399).trimmingCharacters(in: .whitespaces) + "…"
    }
}
