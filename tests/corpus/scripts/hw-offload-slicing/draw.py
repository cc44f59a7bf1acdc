from diffusers import DiffusionPipeline

pipe = DiffusionPipeline.from_pretrained("organisation/painter")
pipe.enable_attention_slicing()
pipe("a house").images[0].save("house.png")
