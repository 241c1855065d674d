def test_matches():
    pass
