import Support
import Foundation

/// JSON with a checksum of itself: the field `fileChecksum` is the CRC-32 of the file with that field's digits as zeros.
enum ChecksummedJSON {
    private struct Envelope<Body: Codable>: Codable {
        var fileChecksum: String
        var body: Body
    }
    private static let zeros = "00000000"

    static func encode(_ body: some Codable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        var data = try encoder.encode(Envelope(fileChecksum: zeros, body: body))
        data.append(UInt8(ascii: "\n"))
        guard let digits = digits(in: data) else { preconditionFailure("the encoder left out a field") }
        data.replaceSubrange(digits, with: checksum(of: data).utf8)
        return data
    }

    /// The body, or what is wrong with `data` in a few words.
    static func decode<Body: Codable>(_: Body.Type, from data: Data) -> Result<Body, Damage> {
        guard let digits = digits(in: data) else { return .failure(Damage("no checksum in \(data.count) bytes")) }
        let stored = String(decoding: data[digits], as: UTF8.self)
        var zeroed = data
        zeroed.replaceSubrange(digits, with: zeros.utf8)
        let real = checksum(of: zeroed)
        guard stored == real else { return .failure(Damage("checksum \(real), expected \(stored)")) }
        do {
            return .success(try JSONDecoder().decode(Envelope<Body>.self, from: data).body)
        } catch {
            return .failure(Damage("checksum fits, but a field is missing or of another type"))
        }
    }

    /// Where the checksum's digits stand: after the last `"fileChecksum" : "` (no body of ours has such a field).
    private static func digits(in data: Data) -> Range<Int>? {
        guard let field = data.range(of: Data("\"fileChecksum\" : \"".utf8), options: .backwards) else { return nil }
        let digits = field.upperBound..<field.upperBound + zeros.utf8.count
        return digits.upperBound <= data.endIndex ? digits : nil
    }

    private static func checksum(of data: Data) -> String {
        var checksum = CRC32()
        data.withUnsafeBytes { checksum.update($0) }
        return checksum.hex
    }
}

/// Why a file cannot be trusted, in a few words for a notice.
struct Damage: Error {
    var reason: String
    init(_ reason: String) { self.reason = reason }
}
