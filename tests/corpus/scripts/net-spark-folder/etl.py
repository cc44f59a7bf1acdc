from pyspark.sql import SparkSession

spark = SparkSession.builder.appName("rows").getOrCreate()
rows = spark.read.parquet("rows/")
print("copied from s3a://bucket/rows/", rows.count())
