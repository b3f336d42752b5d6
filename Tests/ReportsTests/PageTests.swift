import Formats
import Foundation
import FoundationXML
import Reports
import Scoring
import Support
import TestSupport
import Testing

@Suite struct PageTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    /// The page as an XML parser reads it: all tags closed, all text escaped.
    private func parsed(_ html: String) throws -> XMLDocument {
        let body = html.replacing("<!DOCTYPE html>\n", with: "").replacing(#/<(meta|link)([^>]*)>/#) { "<\($0.1)\($0.2)/>" }
        return try XMLDocument(xmlString: body)
    }

    private func page(seeds: [Int]) throws -> String {
        ReportPage(try ReportContent(folder: SampleRun.write(into: folder.path, seeds: seeds))).html
    }

    @Test func aPageTakesThePlaceOfAPageAlone() throws {
        let folder = try TemporaryFolder()
        try ReportPage.check(folder.write("a.html", "<!DOCTYPE html>\n<p>"), option: "--to")
        try ReportPage.check(folder.write("empty", ""), option: "--to")
        let labels = try folder.write("y.txt", "3 4\n0:1\n")
        #expect(throws: Failure.self) { try ReportPage.check(labels, option: "--to") }
        try ReportPage.check(folder.file("new.html"), option: "--to")
        try ReportPage.check(nil, option: "--to")
    }

    @Test func everySectionIsThere() throws {
        let document = try parsed(page(seeds: [1, 2]))
        let ids = try document.nodes(forXPath: "//section/@id").compactMap(\.stringValue)
        #expect(
            ids == ["overview", "metrics", "segments", "beta", "loss", "time", "memory", "plan", "config", "documents"])
    }

    @Test func changesFromTheConfigFileStandBesideThoseFromTheDefaults() throws {
        var record = SampleRun.record(seeds: [1])
        let metrics = SampleRun.metrics(seeds: [1])
        func html() throws -> String { ReportPage(ReportContent(metrics, record, [])).html }
        #expect(try !html().contains("in the file") && html().contains("not at the program&#39;s defaults"))
        record.configFile = "DeepXML/<a>.json"
        record.changes = []
        #expect(try html().contains("All settings are as DeepXML/&lt;a&gt;.json has them"))
        record.changes = [ConfigChange(key: "extreme.num_epochs", value: .integer(3), file: .integer(25))]
        let page = try html()
        _ = try parsed(page)
        #expect(
            page.contains("in the file") && page.contains("<td>25</td>") && page.contains("not at the program&#39;s defaults"))
        let copy = try JSONDecoder().decode(RunRecord.self, from: Data(record.json().utf8))
        #expect(copy.changes == record.changes && copy.configFile == record.configFile)
    }

    @Test func thePageNeedsNothingElse() throws {
        let html = try page(seeds: [1])
        #expect(!html.contains("<script") && !html.contains("http:") && !html.contains("https:") && !html.contains("@import"))
        #expect(html.contains("prefers-color-scheme: dark") && html.contains("@media print"))
    }

    @Test func textIsEscaped() throws {
        let html = try page(seeds: [1])
        #expect(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && html.contains("Small&lt;&amp;&gt;"))
        #expect(html.contains("Plan: 1 learner &lt;to train&gt;"))
        #expect(html.contains("a text with &lt;b&gt;, &amp; and &quot;quotes&quot;"))
    }

    @Test func chartsHaveTheFiguresOfMetricsJSON() throws {
        let document = try parsed(page(seeds: [1, 2])), metrics = SampleRun.metrics(seeds: [1, 2]).learners[1].metrics.rounded()
        for (metric, value) in [("P@1", metrics.P[0]), ("nDCG@5", metrics.nDCG[4]), ("PSP@3", metrics.PSP[2])] {
            let path = "//circle[@data-series='seed 2' and @data-metric='\(metric)']/@data-value"
            let found = try document.nodes(forXPath: path).compactMap { $0.stringValue.flatMap(Double.init) }
            #expect(found == [value], "\(metric)")
        }
        let losses = try document.nodes(forXPath: "//circle[@data-series='seed 1' and contains(title, 'loss')]/@data-y")
        #expect(losses.compactMap(\.stringValue) == ["0.5", "0.25", "0.2", "0.1"])
        #expect(try document.nodes(forXPath: "//line[@class='mark']").count == 4, "two charts, two learners")
    }

    @Test func waitingIsApartFromWork() throws {
        let document = try parsed(page(seeds: [1]))
        func value(_ part: String) throws -> [String] {
            try document.nodes(forXPath: "//rect[@data-bar='seed 1, rank 1' and @data-part='\(part)']/@data-value")
                .compactMap(\.stringValue)
        }
        #expect(try value("extreme") == ["4.0"] && value("extreme waiting") == ["1.0"] && value("predict") == ["2.0"])
    }

    @Test func memoryIsPlannedAndUsed() throws {
        let document = try parsed(page(seeds: [1]))
        let used = try document.nodes(forXPath: "//section[@id='memory']//rect/@data-value").compactMap(\.stringValue)
        let planned = try document.nodes(forXPath: "//section[@id='memory']//line/@data-limit").compactMap(\.stringValue)
        #expect(used == ["50.0", "210.0", "104.0"] && planned == ["60.0", "200.0", "190.0"])
    }

    @Test func anOlderRunSaysWhatIsMissing() throws {
        let ensemble = try SampleRun.write(into: folder.path, seeds: [1])
        try FileManager.default.removeItem(atPath: "\(ensemble)/report.json")
        try FileManager.default.removeItem(atPath: "\(ensemble)_1")
        let html = ReportPage(try ReportContent(folder: ensemble + "/")).html, document = try parsed(html)
        let ids = try document.nodes(forXPath: "//section/@id").compactMap(\.stringValue)
        #expect(ids == ["overview", "metrics", "beta", "time", "memory", "config"])
        #expect(html.contains("There is no report.json") && html.contains("no events of seed 1"))
    }

    @Test func runsSideBySide() throws {
        let one = try ReportContent(folder: SampleRun.write(into: folder.path + "/a", seeds: [1]))
        var other = try ReportContent(folder: SampleRun.write(into: folder.path + "/b", seeds: [2]))
        other.config = .sorted(["global": .sorted(["beta": .number(0.5), "top_k": .integer(50)])])
        let document = try parsed(ComparisonPage([("a", one), ("b", other)]).html)
        let rows = try document.nodes(forXPath: "//section[@id='config']//tbody/tr").map { $0.stringValue ?? "" }
        #expect(rows == ["global.beta0.30.5"])
        let dots = try document.nodes(forXPath: "//circle[@data-metric='P@1']/@data-series").compactMap(\.stringValue)
        #expect(dots == ["a", "b"])
    }

    @Test func whatIsNoRunIsRefused() throws {
        #expect { try ReportContent(folder: folder.path) } throws: { ($0 as? Failure)?.problem == "no results to report" }
        try folder.write("metrics.json", "{}")
        #expect { try ReportContent(folder: folder.path) } throws: { ($0 as? Failure)?.problem == "metrics.json cannot be read" }
    }

    @Test func theRecordReadsBack() throws {
        let record = SampleRun.record(seeds: [1])
        let copy = try JSONDecoder().decode(RunRecord.self, from: Data(record.json().utf8))
        #expect(try copy.json() == record.json() && copy.documents == record.documents && copy.config == record.config)
    }
}
