import Support

/// The failure that `body` throws, or nil.
func failure(of body: () throws -> Void) -> Failure? {
    do { try body() } catch { return error as? Failure }
    return nil
}
