from diffusers import DiffusionPipeline

pipe = DiffusionPipeline.from_pretrained("organisation/painter")
pipe.enable_model_cpu_offload()
pipe("a house").images[0].save("house.png")
