import Foundation

/// A file that Tests/oracles/xcdata_oracle.py made.
public func oracle(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: oraclePath(name))) }

public func oraclePath(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path + "/oracles/xcdata/\(name)"
}
