"""Landing: from the bytes of a landed object to typed rows and quarantined records.

`zone` knows which objects there are, `fetch` reads one, `parse` takes it apart, `census` counts it again by other
means. No Spark and no Dagster here: `transforms.landing` runs this in the engine.
"""
