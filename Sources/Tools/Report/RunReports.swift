import Foundation
import Reports
import Support

/// `report`: pages of runs, made anew from their folders of results, or one page of several runs side by side.
public struct RunReports {
    /// Ensembles' folders of results.
    public var folders: [String]
    /// Side by side, on one page.
    public var compares = false
    /// The page; nil: `report.html` in each folder, and `comparison.html` where the command runs.
    public var output: String?

    public init(folders: [String]) { self.folders = folders }

    private static let comparisonName = "comparison.html"

    /// Writes the pages.
    ///
    /// - Returns: their paths.
    /// - Throws: `Failure` where a folder has no results, its files are damaged, or nothing can be written.
    public func write() throws -> [String] {
        try check()
        let contents = try folders.map { try ReportContent(folder: $0) }
        guard !compares else {
            let path = output ?? Self.comparisonName
            try ComparisonPage(Array(zip(names, contents)).map { (name: $0, content: $1) }).write(to: path)
            return [path]
        }
        return try zip(folders, contents).map { folder, content in
            let path = output ?? "\(folder)/\(ReportPage.fileName)"
            try ReportPage(content).write(to: path)
            return path
        }
    }

    /// All that the pages show: an object, or an array of them where there are several folders.
    ///
    /// - Throws: as `write`.
    public func json() throws -> String {
        try check()
        let contents = try folders.map { try ReportContent(folder: $0).json() }
        guard contents.count > 1 else { return contents.first ?? "" }
        return "[\n" + contents.map { $0.trimmingCharacters(in: .newlines) }.joined(separator: ",\n") + "\n]\n"
    }

    private func check() throws {
        if compares, folders.count < 2 {
            throw Failure(
                .usage, "one run has nothing to be compared with", at: "--compare", found: folders.joined(separator: ", "),
                expected: "two or more folders of results", advice: "name another, or leave --compare out")
        }
        if !compares, output != nil, folders.count > 1 {
            throw Failure(
                .usage, "several pages and one file", at: "--to", found: "\(folders.count) folders of results",
                expected: "one folder, or --compare", advice: "leave --to out: each page is then written into its folder")
        }
        try ReportPage.check(output, option: "--to")
        if compares, Set(names).count < names.count {
            throw Failure(
                .usage, "a run that is named twice", at: "--compare", found: folders.joined(separator: ", "),
                expected: "different folders of results")
        }
    }

    /// What tells the folders apart: their paths without what all have in common.
    var names: [String] {
        let paths = folders.map { URL(fileURLWithPath: $0).standardizedFileURL.pathComponents }
        let shortest = paths.map(\.count).min() ?? 0
        let same = (0..<max(0, shortest - 1)).prefix { place in paths.allSatisfy { $0[place] == paths[0][place] } }.count
        return paths.map { $0.dropFirst(same).joined(separator: "/") }
    }
}
