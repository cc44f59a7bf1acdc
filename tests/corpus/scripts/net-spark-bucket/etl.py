from pyspark.sql import SparkSession

spark = SparkSession.builder.appName("rows").getOrCreate()
rows = spark.read.parquet("s3a://bucket/rows/")
rows.write.mode("overwrite").parquet("s3a://bucket/sums/")
