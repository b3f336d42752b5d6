import Support

/// The forms in which predictions (documents × labels, scores) are written and read; `docs/FORMATS.md` describes each.
public enum PredictionFormat: String, CaseIterable, Sendable, Codable {
    /// scipy's CSR matrix.
    case npz
    /// The same in HDF5.
    case h5
    /// XC text: `documents labels`, then a line `label:score …` a document.
    case text
    /// JSON lines with the labels' names, best first.
    case jsonl

    /// `score.npz`, `score.h5`, `score.txt`, `score.jsonl`.
    public var fileName: String { "score.\(self == .text ? "txt" : rawValue)" }

    /// What `train --predictions` takes: formats separated by commas, or `none`.
    ///
    /// - Throws: `Failure(.usage)` that names the word that is no format.
    public static func list(_ text: String, flag: String) throws -> [PredictionFormat] {
        if text == "none" { return [] }
        var formats = [PredictionFormat]()
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let format = PredictionFormat(rawValue: String(word)) else {
                let names = allCases.map(\.rawValue)
                let near = suggestion(for: String(word), among: names + ["none"]).map { "did you mean \($0)?" }
                throw Failure(
                    .usage, "unknown format of predictions", at: flag, found: "\"\(word)\"",
                    expected: "\(names.joined(separator: ", ")), separated by commas, or none",
                    advice: near ?? "for example \(flag) npz,jsonl")
            }
            if !formats.contains(format) { formats.append(format) }
        }
        return formats
    }

    /// The format that a file's first bytes show, whatever its name; what is none of the others is taken for text.
    public static func told(by bytes: [UInt8]) -> PredictionFormat {
        if bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) || bytes.starts(with: [0x50, 0x4B, 0x05, 0x06]) { return .npz }
        if bytes.starts(with: [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]) { return .h5 }
        let space: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF]
        let first = bytes.first { !space.contains($0) }
        // An array is no line of ours, but its reader says what to do.
        return first == UInt8(ascii: "{") || first == UInt8(ascii: "[") ? .jsonl : .text
    }
}
